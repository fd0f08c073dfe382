#include "services/benchmark/benchmark.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "base/process.hpp"
#include "models/model.hpp"
#include "ops/cpu/isa.hpp"
#include "services/benchmark/full_config.hpp"
#include "weights/config.hpp"
#include "weights/model_files.hpp"

#include <mi2/error.hpp>

namespace mi2 {
namespace {

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void check(const BenchmarkOptions& options) {
  const auto within = [](const char* what, int value, int low, int high) {
    if (value < low || value > high) {
      throw Error(Code::kBadArgument, fmt::format("{} {}: needs {} to {}", what, value, low, high));
    }
  };
  within("batch", options.batch, 1, 1024);
  within("rounds", options.rounds, 1, 1000);
  within("tokens", options.tokens, 2, 4096);
}

void check_unit_vectors(const Tensor& x) {
  for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
    double squares = 0;
    for (std::int64_t i = 0; i < x.shape()[1]; ++i) squares += std::pow(x.data<float>()[row * x.shape()[1] + i], 2);
    if (!(std::abs(squares - 1) < 1e-3)) {
      throw Error(Code::kInternal, fmt::format("benchmark: vector {} has length {}, not 1", row, std::sqrt(squares)));
    }
  }
}

/// A grey-level pattern: no row or column alike, values as normalised pixels have them.
Tensor test_pixels(const weights::ModelConfig& config, int batch) {
  Tensor x({batch, config.image.height, config.image.width, 3});
  float* values = x.data<float>();
  for (std::int64_t i = 0; i < x.shape().count(); ++i) {
    values[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i % 10007)) * 1.5);
  }
  return x;
}

ops::TokenBatch test_tokens(int texts, int tokens) {
  ops::TokenBatch batch;
  for (int t = 0; t < texts; ++t) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(tokens), 0);
    for (int i = 0; i < tokens; ++i) ids[static_cast<std::size_t>(i)] = (i * 977 + t * 131) % 49000;
    ids.front() = 49406;
    ids.back() = 49407;
    batch.add(ids);
  }
  return batch;
}

std::vector<TimedPart> parts_of(const ops::cpu::Profile& profile, double total, int rounds) {
  std::vector<TimedPart> parts;
  const auto add = [&](const std::string& segment, const std::string& op, const ops::cpu::ProfileEntry& entry) {
    parts.push_back({segment, op, entry.seconds / rounds, entry.seconds / total,
                     entry.seconds > 0 ? entry.flop / entry.seconds / 1e9 : 0.0,
                     static_cast<double>(entry.calls) / rounds});
  };
  for (const auto& [segment, entry] : profile.segments) add(segment, "", entry);
  for (const auto& [key, entry] : profile.ops) add(key.first, key.second, entry);
  return parts;
}

/// Times `pass` and fills in its row and the profile of the timed passes.
Timing time_passes(models::CpuModel& model, const BenchmarkOptions& options, const std::function<Tensor()>& pass,
                   std::vector<TimedPart>& parts) {
  check_unit_vectors(pass());
  ops::cpu::Profile profile;
  model.ops().set_profile(&profile);
  std::vector<double> seconds;
  for (int i = 0; i < options.rounds; ++i) {
    Tensor result;
    seconds.push_back(seconds_of([&] { result = pass(); }));
    check_unit_vectors(result);
  }
  model.ops().set_profile(nullptr);
  double total = 0;
  for (const double s : seconds) total += s;
  double flop = 0;
  for (const auto& [key, entry] : profile.ops) flop += entry.flop / options.rounds;
  parts = parts_of(profile, total, options.rounds);
  std::sort(seconds.begin(), seconds.end());
  const std::size_t middle = seconds.size() / 2;
  const double median = seconds.size() % 2 == 1 ? seconds[middle] : (seconds[middle - 1] + seconds[middle]) / 2;
  return {median, seconds.front(), seconds.back(), options.batch / median, flop / median / 1e9};
}

}  // namespace

BenchmarkReport run_benchmark(const BenchmarkOptions& options) {
  check(options);
  BenchmarkReport report;
  ops::CpuOps::Options engine;
  engine.precision = ops::parse_precision(options.dtype);
  engine.threads = options.threads;
  weights::ModelConfig config;
  std::unique_ptr<models::CpuModel> model;
  report.load_seconds = seconds_of([&] {
    if (options.model) {
      const weights::ModelFiles files = weights::find_model(*options.model);
      config = weights::load_config(files.config);
      model = models::load_cpu_model(files.weights, config, engine);
    } else {
      config = weights::parse_config(kFullConfig, "the full model");
      model = models::synthetic_cpu_model(config, engine);
    }
  });
  report.cpu = ops::cpu::cpu_model();
  report.engine = model->ops().engine();
  report.dtype = options.dtype;
  report.model = options.model ? options.model->string() : "synthetic full";
  report.threads = model->ops().threads();
  report.batch = options.batch;
  report.rounds = options.rounds;
  report.tokens = std::min(options.tokens, config.text.context);
  report.resident_bytes = static_cast<double>(resident_memory().now);
  const Tensor pixels = test_pixels(config, options.batch);
  report.image = time_passes(
      *model, options, [&] { return model->embed_images(pixels); }, report.image_parts);
  const ops::TokenBatch tokens = test_tokens(options.batch, report.tokens);
  report.text = time_passes(
      *model, options, [&] { return model->embed_texts(tokens); }, report.text_parts);
  report.peak_bytes = static_cast<double>(resident_memory().peak);
  return report;
}

}  // namespace mi2
