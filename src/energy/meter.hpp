#pragma once
// Counts what a process costs while it goes on: measured where the machine lets us, estimated elsewhere.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "energy/account.hpp"
#include "energy/cards.hpp"

namespace mi2::energy {

struct MeterOptions {
  std::optional<Factor> watts;  ///< of one machine; none: measure or estimate
  Factor watts_per_core{{12, 12}, "not stated: default of Green Algorithms (Lannelongue et al., 2021)"};
  Factor overhead = overhead_of("", "");
  Factor intensity = intensity_of("", "", "");
  int machines = 1;   ///< alike; stated and measured energy is multiplied by it
  int processes = 1;  ///< alike; estimated energy is multiplied by it
  std::filesystem::path powercap = "/sys/class/powercap";
  std::string nvml = "libnvidia-ml.so.1";  ///< the driver's library that counts
  std::string cuda = "libcuda.so.1";       ///< a process that has loaded this one uses a GPU
};

/// Counts from its construction. RAPL sees whole packages, other programs' work included; the estimate sees this
/// process's processor time only. GPUs count, all that CUDA shows and other programs' work included, if this process
/// has begun to use one by the time of the account. The method is "stated", "rapl" or "estimate", the last two with
/// "+nvml" if GPUs were counted.
class EnergyMeter {
 public:
  explicit EnergyMeter(MeterOptions options);

  /// What it comes to so far.
  [[nodiscard]] Account account();

 private:
  struct Counter {
    std::filesystem::path file;
    std::uint64_t last = 0;   ///< microjoules
    std::uint64_t range = 0;  ///< it wraps to 0 after this
  };
  void open_counters();
  void sample();
  void keep_sampling(const std::stop_token& stop);
  /// Adds what the processors took.
  void add_processors(Account& account) const;
  void add_cards(Account& account) const;

  MeterOptions options_;
  std::unique_ptr<Cards> cards_;
  double cards_joules_at_start_ = 0;
  std::chrono::steady_clock::time_point start_;
  double start_cpu_seconds_ = 0;
  std::mutex mutex_;  ///< of what follows
  std::condition_variable_any stopped_;
  std::vector<Counter> counters_;
  double measured_joules_ = 0;
  std::jthread sampler_;  ///< the last: it ends before what it uses
};

}  // namespace mi2::energy
