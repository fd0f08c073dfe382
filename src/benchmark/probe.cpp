#include "benchmark/probe.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <new>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/thread_pool.hpp"
#include "benchmark/json.hpp"
#include "benchmark/probe_kernels.hpp"
#include "benchmark/workload.hpp"
#include "ops/cpu/isa.hpp"

#include <mi2/error.hpp>

namespace mi2::benchmark {
namespace {

using namespace benchmark;
using Clock = std::chrono::steady_clock;

constexpr int kTries = 9;                   ///< the best counts: this is about what the machine can do
constexpr double kTrySeconds = 0.05;        ///< long beside the start of a thread, short beside a change of the clock
constexpr std::chrono::seconds kEnough(2);  ///< no further try after it: where each takes so long, noise is small

/// Runs work(thread) on several threads that start together.
/// @returns the seconds from the first start to the last end.
double seconds_together(unsigned threads, const std::function<void(unsigned)>& work) {
  std::latch ready(static_cast<std::ptrdiff_t>(threads));
  std::vector<Clock::time_point> starts(threads);
  std::vector<Clock::time_point> ends(threads);
  std::vector<std::thread> team;
  for (unsigned t = 0; t < threads; ++t) {
    team.emplace_back([&, t] {
      ready.arrive_and_wait();
      starts[t] = Clock::now();
      work(t);
      ends[t] = Clock::now();
    });
  }
  for (std::thread& thread : team) thread.join();
  const auto first = *std::min_element(starts.begin(), starts.end());
  const auto last = *std::max_element(ends.begin(), ends.end());
  return std::chrono::duration<double>(last - first).count();
}

/// The best rate of several tries. @param amount  what one thread's work is counted as.
double best_rate(unsigned threads, double amount, const std::function<void(unsigned)>& work) {
  double best = 0;
  const Clock::time_point enough = Clock::now() + kEnough;
  for (int i = 0; i < kTries && (i == 0 || Clock::now() < enough); ++i) {
    best = std::max(best, threads * amount / seconds_together(threads, work));
  }
  return best;
}

PeakRates rates_of(const ProbeKernel& kernel, unsigned threads) {
  std::vector<float> results(threads);
  std::int64_t rounds = 1024;
  while (seconds_of([&] { results[0] = kernel.run(rounds); }) < kTrySeconds) rounds *= 2;
  const double amount = kernel.flop_per_round * static_cast<double>(rounds) / 1e9;
  const auto work = [&](unsigned t) { results[t] = kernel.run(rounds); };
  return {best_rate(1, amount, work), best_rate(threads, amount, work)};
}

/// Floats of one of the three arrays: together many times the last cache.
std::size_t array_length() {
  constexpr long kLeast = 256L << 20;
  constexpr long kMost = 1L << 30;
  return static_cast<std::size_t>(std::clamp(4 * ::sysconf(_SC_LEVEL3_CACHE_SIZE), kLeast, kMost)) / sizeof(float);
}

/// Integer sums, as a compiler may not reorder floating-point ones: with those it would be an addition that is timed.
std::uint32_t sum_of(const std::uint32_t* values, std::size_t length) {
  std::uint32_t sums[16] = {};
  for (std::size_t i = 0; i + 16 <= length; i += 16) {
    for (std::size_t j = 0; j < 16; ++j) sums[j] += values[i + j];
  }
  std::uint32_t total = 0;
  for (const std::uint32_t sum : sums) total += sum;
  return total;
}

void triad(float* __restrict a, const float* __restrict b, const float* __restrict c, float s, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) a[i] = b[i] + s * c[i];
}

/// The two bandwidths on some threads, each at its own slice of the arrays.
void measure_bandwidth(unsigned threads, double& read, double& triads) {
  const std::size_t length = array_length();
  const auto slice = [&](unsigned t) { return length * t / threads; };
  std::unique_ptr<float[]> arrays[3];
  try {
    for (auto& array : arrays) array = std::make_unique_for_overwrite<float[]>(length);
  } catch (const std::bad_alloc&) {
    throw Error(Code::kTooLarge, fmt::format("bench --peak: needs {} bytes", 3 * length * sizeof(float)));
  }
  // Who will read a page touches it first, so that it lies near.
  seconds_together(threads, [&](unsigned t) {
    for (auto& array : arrays) std::fill(array.get() + slice(t), array.get() + slice(t + 1), 1.0F);
  });
  const double array_gb = static_cast<double>(length * sizeof(float)) / 1e9;
  std::vector<std::uint32_t> sums(threads);
  read = best_rate(threads, array_gb / threads, [&](unsigned t) {
    sums[t] = sum_of(reinterpret_cast<const std::uint32_t*>(arrays[0].get()) + slice(t), slice(t + 1) - slice(t));
  });
  triads = best_rate(threads, 3 * array_gb / threads, [&](unsigned t) {
    triad(arrays[0].get() + slice(t), arrays[1].get() + slice(t), arrays[2].get() + slice(t), 0.5F,
          slice(t + 1) - slice(t));
  });
}

Json json_of(const PeakRates& rates) { return {{"one_thread", rates.one}, {"all_threads", rates.all}}; }

}  // namespace

MachinePeak probe_machine(unsigned threads, const base::OnProgress& progress) {
  MachinePeak peak;
  peak.cpu = ops::cpu::cpu_model();
  peak.threads = threads == 0 ? base::available_cores() : threads;
  const auto kernels = probe_kernels();
  const auto supported =
      std::count_if(kernels.begin(), kernels.end(), [](const auto& kernel) { return kernel.supported(); });
  base::Progress at{"measurements", 0, static_cast<std::uint64_t>(supported) + 2};
  const auto next = [&] {
    if (progress) progress(at);
    ++at.done;
  };
  for (const ProbeKernel& kernel : kernels) {
    if (!kernel.supported()) continue;
    next();
    peak.compute.push_back({std::string(kernel.name), std::string(kernel.dtype), rates_of(kernel, peak.threads)});
  }
  next();
  measure_bandwidth(1, peak.read.one, peak.triad.one);
  next();
  measure_bandwidth(peak.threads, peak.read.all, peak.triad.all);
  next();
  return peak;
}

std::string to_json(const MachinePeak& peak) {
  Json compute = Json::array();
  for (const ComputePeak& row : peak.compute) {
    compute.push_back({{"name", row.name}, {"dtype", row.dtype}, {"gflops", json_of(row.gflops)}});
  }
  const Json json{{"cpu", peak.cpu},
                  {"threads", peak.threads},
                  {"compute", std::move(compute)},
                  {"read_gb_per_s", json_of(peak.read)},
                  {"triad_gb_per_s", json_of(peak.triad)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const MachinePeak& peak) {
  std::string text = fmt::format("{}\n\n{:<6} {:<24} {:>14} {:>14}\n", peak.cpu, "dtype", "GFLOP/s", "one thread",
                                 fmt::format("{} threads", peak.threads));
  for (const ComputePeak& row : peak.compute) {
    text += fmt::format("{:<6} {:<24} {:>14.1f} {:>14.1f}\n", row.dtype, row.name, row.gflops.one, row.gflops.all);
  }
  text += fmt::format("\n{:<6} {:<24}\n", "memory", "GB/s");
  text += fmt::format("{:<6} {:<24} {:>14.1f} {:>14.1f}\n", "", "read", peak.read.one, peak.read.all);
  text += fmt::format("{:<6} {:<24} {:>14.1f} {:>14.1f}\n", "", "triad", peak.triad.one, peak.triad.all);
  return text;
}

}  // namespace mi2::benchmark
