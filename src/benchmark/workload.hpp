#pragma once
// What the benchmark and the benchmark's service share: a loaded model, its inputs, and one timed pass.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/benchmark.hpp"
#include "models/model.hpp"
#include "weights/config.hpp"

namespace mi2::benchmark {

struct LoadedModel {
  weights::ModelConfig config;
  std::unique_ptr<models::Model> model;
  models::CpuModel* cpu = nullptr;  ///< the same model, if our own engine runs it
  std::string engine;               ///< what computes it: "native amx", "libtorch cuda"
  std::string dtype;
  unsigned threads = 0;  ///< of our own engine
  double load_seconds = 0;
};

/// Loads what `options` names. @throws as run_benchmark.
LoadedModel load(const BenchmarkOptions& options);

/// @throws Error{kBadArgument} naming `what` if the value is outside [low, high].
void check_within(const char* what, std::int64_t value, std::int64_t low, std::int64_t high);

/// The most images or texts of one pass.
inline constexpr std::int64_t kMaxBatch = 1024;

/// A grey-level pattern: no row or column alike, values as normalised pixels have them.
tensor::Tensor test_pixels(const weights::ModelConfig& config, std::int64_t batch);
ops::TokenBatch test_tokens(std::int64_t texts, std::int64_t tokens);

double seconds_of(const std::function<void()>& work);

/// @throws Error{kInternal} if a row is not of length one: a time for wrong numbers is worth nothing.
void check_unit_vectors(const tensor::Tensor& x);

/// Runs one pass, into `profile` if there is one and our own engine runs the model.
/// @returns its seconds. @throws as check_unit_vectors.
double timed_pass(const LoadedModel& loaded, const std::function<tensor::Tensor()>& pass, ops::cpu::Profile* profile);

/// The rows of a profile of `rounds` passes that took `total` seconds together.
std::vector<TimedPart> parts_of(const ops::cpu::Profile& profile, double total, int rounds);
double flop_of(const ops::cpu::Profile& profile);

}  // namespace mi2::benchmark
