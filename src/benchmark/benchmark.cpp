#include "benchmark/benchmark.hpp"

#include <algorithm>
#include <functional>

#include "base/process.hpp"
#include "benchmark/workload.hpp"
#include "models/model.hpp"
#include "ops/cpu/isa.hpp"

namespace mi2::benchmark {
namespace {

using namespace benchmark;

/// Times `pass` and fills in its row and the profile of the timed passes.
Timing time_passes(const LoadedModel& loaded, const BenchmarkOptions& options,
                   const std::function<tensor::Tensor()>& pass, std::vector<TimedPart>& parts) {
  timed_pass(loaded, pass, nullptr);
  ops::cpu::Profile profile;
  std::vector<double> seconds;
  double total = 0;
  for (int i = 0; i < options.rounds; ++i) {
    seconds.push_back(timed_pass(loaded, pass, &profile));
    total += seconds.back();
  }
  parts = parts_of(profile, total, options.rounds);
  std::sort(seconds.begin(), seconds.end());
  const std::size_t middle = seconds.size() / 2;
  const double median = seconds.size() % 2 == 1 ? seconds[middle] : (seconds[middle - 1] + seconds[middle]) / 2;
  return {median, seconds.front(), seconds.back(), options.batch / median,
          flop_of(profile) / options.rounds / median / 1e9};
}

}  // namespace

BenchmarkReport run_benchmark(const BenchmarkOptions& options) {
  check_within("batch", options.batch, 1, kMaxBatch);
  check_within("rounds", options.rounds, 1, 1000);
  check_within("tokens", options.tokens, 2, 4096);
  BenchmarkReport report;
  const LoadedModel loaded = load(options);
  models::Model& model = *loaded.model;
  report.load_seconds = loaded.load_seconds;
  report.cpu = ops::cpu::cpu_model();
  report.engine = loaded.engine;
  report.dtype = loaded.dtype;
  report.model = options.model ? options.model->string() : "synthetic full";
  report.threads = loaded.threads;
  report.batch = options.batch;
  report.rounds = options.rounds;
  report.tokens = std::min(options.tokens, loaded.config.text.context);
  report.resident_bytes = static_cast<double>(base::resident_memory().now);
  const tensor::Tensor pixels = test_pixels(loaded.config, options.batch);
  report.image = time_passes(
      loaded, options, [&] { return model.embed_images(pixels); }, report.image_parts);
  const ops::TokenBatch tokens = test_tokens(options.batch, report.tokens);
  report.text = time_passes(
      loaded, options, [&] { return model.embed_texts(tokens); }, report.text_parts);
  report.peak_bytes = static_cast<double>(base::resident_memory().peak);
  return report;
}

}  // namespace mi2::benchmark
