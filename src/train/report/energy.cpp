#include "train/report/energy.hpp"

#include <sys/resource.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

namespace mi2::train {
namespace {

namespace fs = std::filesystem;

constexpr double kJoulesPerKwh = 3.6e6;

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
    case EnergyMethod::kEstimate:
      break;
  }
  return "estimate";
}

EnergyMeter::EnergyMeter(EnergyOptions options)
    : options_(std::move(options)), start_(std::chrono::steady_clock::now()), start_cpu_seconds_(cpu_seconds()) {
  if (options_.watts <= 0) open_counters();
  method_ = options_.watts > 0  ? EnergyMethod::kStated
            : counters_.empty() ? EnergyMethod::kEstimate
                                : EnergyMethod::kRapl;
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
  report.method = method_;
  report.hours = seconds / 3600;
  double joules = 0;
  switch (method_) {
    case EnergyMethod::kStated:
      joules = options_.watts * seconds * options_.machines;
      break;
    case EnergyMethod::kRapl:
      joules = measured_joules_ * options_.machines;
      break;
    case EnergyMethod::kEstimate:
      joules = options_.watts_per_core * (cpu_seconds() - start_cpu_seconds_) * options_.processes;
      break;
  }
  report.kwh = joules / kJoulesPerKwh;
  report.grams_co2 = report.kwh * options_.grams_per_kwh;
  return report;
}

}  // namespace mi2::train
