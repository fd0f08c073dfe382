#include "train/report/energy.hpp"

#include <dlfcn.h>
#include <sys/resource.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

namespace mi2::train {
namespace {

namespace fs = std::filesystem;

constexpr double kJoulesPerKwh = 3.6e6;

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

}  // namespace

std::string_view name_of(EnergyMethod method) noexcept {
  switch (method) {
    case EnergyMethod::kStated:
      return "stated";
    case EnergyMethod::kRapl:
      return "rapl";
    case EnergyMethod::kRaplAndCards:
      return "rapl+nvml";
    case EnergyMethod::kCards:
      return "estimate+nvml";
    case EnergyMethod::kEstimate:
      break;
  }
  return "estimate";
}

EnergyMeter::EnergyMeter(EnergyOptions options)
    : options_(std::move(options)), start_(std::chrono::steady_clock::now()), start_cpu_seconds_(cpu_seconds()) {
  if (options_.watts > 0) return;
  open_counters();
  cards_ = std::make_unique<Cards>(options_.nvml, std::getenv("CUDA_VISIBLE_DEVICES"));
  cards_joules_at_start_ = cards_->joules();
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

EnergyReport EnergyMeter::report() {
  sample();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  EnergyReport report;
  report.hours = seconds / 3600;
  if (options_.watts > 0) {
    report.method = EnergyMethod::kStated;
    return priced(report, options_.watts * seconds * options_.machines);
  }
  const bool measured = !counters_.empty();
  double joules = measured ? measured_joules_ * options_.machines
                           : options_.watts_per_core * (cpu_seconds() - start_cpu_seconds_) * options_.processes;
  report.method = measured ? EnergyMethod::kRapl : EnergyMethod::kEstimate;
  if (cards_->count() > 0 && has_loaded(options_.cuda)) {
    joules += (cards_->joules() - cards_joules_at_start_) * options_.machines;
    report.method = measured ? EnergyMethod::kRaplAndCards : EnergyMethod::kCards;
  }
  return priced(report, joules);
}

EnergyReport EnergyMeter::priced(EnergyReport report, double joules) const {
  report.kwh = joules / kJoulesPerKwh;
  report.grams_co2 = report.kwh * options_.grams_per_kwh;
  return report;
}

}  // namespace mi2::train
