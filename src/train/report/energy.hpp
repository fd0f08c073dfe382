#pragma once
// What a run cost: kilowatt hours and grams of CO2, measured where the machine lets us, estimated elsewhere.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "train/report/cards.hpp"

namespace mi2::train {

enum class EnergyMethod : std::uint8_t {
  kStated,        ///< watts that the user gave, x time
  kRapl,          ///< counters of the processor packages and their memory
  kEstimate,      ///< watts a busy core x processor time of this process
  kRaplAndCards,  ///< kRapl, and counters of the GPUs
  kCards,         ///< counters of the GPUs, and kEstimate for the processor
};
/// "stated", "rapl", "estimate", "rapl+nvml", "estimate+nvml"
std::string_view name_of(EnergyMethod method) noexcept;

struct EnergyOptions {
  double watts = 0;  ///< of one machine; 0: measure or estimate
  /// Default of Green Algorithms (Lannelongue et al., Advanced Science, 2021).
  double watts_per_core = 12;
  /// World average of 2024: Ember, Global Electricity Review 2025.
  double grams_per_kwh = 473;
  int machines = 1;   ///< alike; stated and measured energy is multiplied by it
  int processes = 1;  ///< alike; estimated energy is multiplied by it
  std::filesystem::path powercap = "/sys/class/powercap";
  std::string nvml = "libnvidia-ml.so.1";  ///< the driver's library that counts
  std::string cuda = "libcuda.so.1";       ///< a process that has loaded this one uses a GPU
};

struct EnergyReport {
  EnergyMethod method = EnergyMethod::kEstimate;
  double hours = 0;
  double kwh = 0;
  double grams_co2 = 0;
};

/// Counts from its construction. RAPL sees whole packages, other programs' work included; the estimate sees this
/// process's processor time only. GPUs count, all that CUDA shows and other programs' work included, if this process
/// has begun to use one by the time of the report.
class EnergyMeter {
 public:
  explicit EnergyMeter(EnergyOptions options);

  /// Reads the counters. Call at least every 10 minutes: they wrap around.
  void sample();
  /// sample(), and what it comes to.
  [[nodiscard]] EnergyReport report();

 private:
  struct Counter {
    std::filesystem::path file;
    std::uint64_t last = 0;   ///< microjoules
    std::uint64_t range = 0;  ///< it wraps to 0 after this
  };
  void open_counters();
  [[nodiscard]] EnergyReport priced(EnergyReport report, double joules) const;

  EnergyOptions options_;
  std::unique_ptr<Cards> cards_;
  double cards_joules_at_start_ = 0;
  std::chrono::steady_clock::time_point start_;
  double start_cpu_seconds_ = 0;
  std::vector<Counter> counters_;
  double measured_joules_ = 0;
};

}  // namespace mi2::train
