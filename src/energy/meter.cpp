#include "energy/meter.hpp"

#include <dlfcn.h>
#include <sys/resource.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace mi2::energy {
namespace {

namespace fs = std::filesystem;

constexpr double kJoulesPerKwh = 3.6e6;
constexpr double kSecondsPerHour = 3600;
/// Counters of large packages wrap around after some ten minutes.
constexpr auto kBetweenSamples = std::chrono::minutes(1);

/// Whether this process has a library, which is not loaded by asking.
bool has_loaded(const std::string& library) {
  void* const handle = ::dlopen(library.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (handle != nullptr) ::dlclose(handle);
  return handle != nullptr;
}

double cpu_seconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The first line of a small file of the kernel's; empty if it cannot be read.
std::string line_of(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

std::optional<std::uint64_t> number_of(const fs::path& file) {
  const std::string line = line_of(file);
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (line.empty() || status != std::errc()) return std::nullopt;
  return value;
}

/// "" or " x 4 machines", for a source.
std::string times(int count, const char* what) {
  return count > 1 ? fmt::format(", x {} {}", count, what) : std::string();
}

}  // namespace

EnergyMeter::EnergyMeter(MeterOptions options)
    : options_(std::move(options)), start_(std::chrono::steady_clock::now()), start_cpu_seconds_(cpu_seconds()) {
  if (options_.watts) return;
  open_counters();
  cards_ = std::make_unique<Cards>(options_.nvml, std::getenv("CUDA_VISIBLE_DEVICES"));
  cards_joules_at_start_ = cards_->joules();
  if (!counters_.empty()) sampler_ = std::jthread([this](const std::stop_token& stop) { keep_sampling(stop); });
}

/// Packages and their memory; a package's cores are part of it, and "psys" would count everything again.
/// Source: Documentation/power/powercap/powercap.rst of Linux.
void EnergyMeter::open_counters() {
  std::error_code unreadable;
  for (const fs::directory_entry& entry : fs::directory_iterator(options_.powercap, unreadable)) {
    if (!entry.path().filename().string().starts_with("intel-rapl:")) continue;
    const std::string domain = line_of(entry.path() / "name");
    if (!domain.starts_with("package") && domain != "dram") continue;
    const std::optional<std::uint64_t> now = number_of(entry.path() / "energy_uj");
    const std::optional<std::uint64_t> range = number_of(entry.path() / "max_energy_range_uj");
    if (now && range) counters_.push_back({entry.path() / "energy_uj", *now, *range});
  }
}

void EnergyMeter::keep_sampling(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, stop, kBetweenSamples, [&] { return stop.stop_requested(); })) sample();
}

void EnergyMeter::sample() {
  for (Counter& counter : counters_) {
    const std::optional<std::uint64_t> now = number_of(counter.file);
    if (!now) continue;
    const std::uint64_t before_wrap = counter.range >= counter.last ? counter.range - counter.last : 0;
    const std::uint64_t passed = *now >= counter.last ? *now - counter.last : before_wrap + *now;
    measured_joules_ += 1e-6 * static_cast<double>(passed);
    counter.last = *now;
  }
}

void EnergyMeter::add_processors(Account& account) const {
  if (!counters_.empty()) {
    account.method = "rapl";
    account.terms.push_back(measured("processors_kwh", "processors",
                                     measured_joules_ * options_.machines / kJoulesPerKwh,
                                     "measured: RAPL counters of whole packages and their memory, other programs' work "
                                     "included" +
                                         times(options_.machines, "machines")));
    return;
  }
  account.method = "estimate";
  const double hours = (cpu_seconds() - start_cpu_seconds_) / kSecondsPerHour * options_.processes;
  account.terms.push_back(
      product({"core_hours",
               "core hours",
               "h",
               {{hours, hours}, "measured: processor time of this process" + times(options_.processes, "processes")}},
              {"watts_per_core", "watts per core", "W", options_.watts_per_core}));
}

void EnergyMeter::add_cards(Account& account) const {
  if (!has_loaded(options_.cuda)) return;
  if (cards_->count() == 0) {
    account.notes.emplace_back("GPUs: their driver does not count what they take; state watts if one was used");
    return;
  }
  account.method += "+nvml";
  account.terms.push_back(measured("gpus_kwh", "GPUs",
                                   (cards_->joules() - cards_joules_at_start_) * options_.machines / kJoulesPerKwh,
                                   fmt::format("measured: NVML counters of {} GPUs, other programs' work included{}",
                                               cards_->count(), times(options_.machines, "machines"))));
}

Account EnergyMeter::account() {
  const std::lock_guard lock(mutex_);
  sample();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  Account account;
  account.hours = seconds / kSecondsPerHour;
  account.overhead = options_.overhead;
  account.intensity = options_.intensity;
  if (options_.watts) {
    account.method = "stated";
    const double hours = account.hours * options_.machines;
    account.terms.push_back(product(
        {"machine_hours", "machine hours", "h", {{hours, hours}, "measured" + times(options_.machines, "machines")}},
        {"watts", "watts", "W", *options_.watts}));
    return account;
  }
  add_processors(account);
  add_cards(account);
  return account;
}

}  // namespace mi2::energy
