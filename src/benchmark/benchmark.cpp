#include "benchmark/benchmark.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/process.hpp"
#include "benchmark/workload.hpp"
#include "models/model.hpp"
#include "ops/cpu/isa.hpp"

namespace mi2::benchmark {
namespace {

using namespace benchmark;

/// Times `pass` and fills in its row and the profile of the timed passes. @param ended  called with how many were run.
Timing time_passes(const LoadedModel& loaded, const BenchmarkOptions& options,
                   const std::function<tensor::Tensor()>& pass, const std::function<void(int)>& ended,
                   std::vector<TimedPart>& parts) {
  ended(0);
  timed_pass(loaded, pass, nullptr);
  ended(1);
  ops::cpu::Profile profile;
  std::vector<double> seconds;
  double total = 0;
  for (int i = 0; i < options.rounds; ++i) {
    seconds.push_back(timed_pass(loaded, pass, &profile));
    total += seconds.back();
    ended(i + 2);
  }
  parts = parts_of(profile, total, options.rounds);
  std::sort(seconds.begin(), seconds.end());
  const std::size_t middle = seconds.size() / 2;
  const double median = seconds.size() % 2 == 1 ? seconds[middle] : (seconds[middle - 1] + seconds[middle]) / 2;
  return {median, seconds.front(), seconds.back(), options.batch / median,
          flop_of(profile) / options.rounds / median / 1e9};
}

}  // namespace

BenchmarkReport run_benchmark(const BenchmarkOptions& options, const base::OnProgress& progress) {
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
  const auto told = [&](std::string_view stage) {
    return [&, stage](int done) {
      if (progress) {
        progress({stage, static_cast<std::uint64_t>(done), static_cast<std::uint64_t>(options.rounds) + 1});
      }
    };
  };
  const tensor::Tensor pixels = test_pixels(loaded.config, options.batch);
  report.image = time_passes(
      loaded, options, [&] { return model.embed_images(pixels); }, told("image passes"), report.image_parts);
  const ops::TokenBatch tokens = test_tokens(options.batch, report.tokens);
  report.text = time_passes(
      loaded, options, [&] { return model.embed_texts(tokens); }, told("text passes"), report.text_parts);
  report.peak_bytes = static_cast<double>(base::resident_memory().peak);
  return report;
}

}  // namespace mi2::benchmark
