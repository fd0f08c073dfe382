#include "benchmark/workload.hpp"

#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "models/device.hpp"
#include "models/full_config.hpp"
#include "weights/model_source.hpp"

#include <mi2/error.hpp>

namespace mi2::benchmark {
void check_unit_vectors(const tensor::Tensor& x) {
  for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
    double squares = 0;
    for (std::int64_t i = 0; i < x.shape()[1]; ++i) squares += std::pow(x.data<float>()[row * x.shape()[1] + i], 2);
    if (!(std::abs(squares - 1) < 1e-3)) {
      throw Error(Code::kInternal, fmt::format("benchmark: vector {} has length {}, not 1", row, std::sqrt(squares)));
    }
  }
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void check_within(const char* what, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) {
    throw Error(Code::kBadArgument, fmt::format("{0}: expected {2} to {3}, got {1}", what, value, low, high));
  }
}

namespace {

void load_on_cpu(const BenchmarkOptions& options, LoadedModel& loaded) {
  ops::CpuOps::Options engine;
  if (options.dtype) {
    engine.precision = *options.dtype == DType::kAuto ? ops::CpuOps::automatic() : *options.dtype;
    ops::check_precision(engine.precision);
  }
  engine.threads = options.threads;
  std::unique_ptr<models::CpuModel> model;
  if (options.model) {
    const weights::ModelSource source(*options.model);
    engine.precision = models::precision_of(options.dtype, source);
    loaded.config = source.config();
    model = models::load_cpu_model(source, engine);
  } else {
    loaded.config = weights::parse_config(models::kFullConfig, "the full model");
    model = models::synthetic_cpu_model(loaded.config, engine);
  }
  loaded.cpu = model.get();
  loaded.engine = model->ops().engine();
  loaded.dtype = name_of(model->ops().options().precision);
  loaded.threads = model->ops().threads();
  loaded.model = std::move(model);
}

void keep_device(const BenchmarkOptions& options, const Device& device, LoadedModel& loaded) {
  loaded.engine = "libtorch " + to_string(device);
  loaded.dtype = name_of(models::device_dtype(options.dtype));
}

void load_on_device(const BenchmarkOptions& options, LoadedModel& loaded) {
  if (!options.model) throw Error(Code::kBadArgument, "bench: a device other than cpu needs --model");
  const weights::ModelSource source(*options.model);
  loaded.config = source.config();
  loaded.model =
      models::load_device_model(source, {options.device, models::device_dtype(options.dtype), options.threads});
  keep_device(options, options.device, loaded);
}

/// Made-up weights are our own engine's.
void load_on_any(const BenchmarkOptions& options, LoadedModel& loaded) {
  if (options.model) {
    const weights::ModelSource source(*options.model);
    models::FirstCard card = models::try_first_card(source, options.dtype);
    if (card.model) {
      loaded.config = source.config();
      loaded.model = std::move(card.model);
      keep_device(options, models::kFirstCard, loaded);
      return;
    }
  }
  load_on_cpu(options, loaded);
}

}  // namespace

LoadedModel load(const BenchmarkOptions& options) {
  LoadedModel loaded;
  const auto load_on = options.device.kind == Device::Kind::kCpu    ? load_on_cpu
                       : options.device.kind == Device::Kind::kAuto ? load_on_any
                                                                    : load_on_device;
  loaded.load_seconds = seconds_of([&] { load_on(options, loaded); });
  return loaded;
}

tensor::Tensor test_pixels(const weights::ModelConfig& config, std::int64_t batch) {
  tensor::Tensor x({batch, config.image.height, config.image.width, 3});
  float* values = x.data<float>();
  for (std::int64_t i = 0; i < x.shape().count(); ++i) {
    values[i] = static_cast<float>(std::sin(0.37 * static_cast<double>(i % 10007)) * 1.5);
  }
  return x;
}

ops::TokenBatch test_tokens(std::int64_t texts, std::int64_t tokens) {
  ops::TokenBatch batch;
  for (std::int64_t t = 0; t < texts; ++t) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(tokens), 0);
    for (std::int64_t i = 0; i < tokens; ++i) {
      ids[static_cast<std::size_t>(i)] = static_cast<std::int32_t>((i * 977 + t * 131) % 49000);
    }
    ids.front() = 49406;
    ids.back() = 49407;
    batch.add(ids);
  }
  return batch;
}

double timed_pass(const LoadedModel& loaded, const std::function<tensor::Tensor()>& pass, ops::cpu::Profile* profile) {
  tensor::Tensor result;
  if (loaded.cpu != nullptr) loaded.cpu->ops().set_profile(profile);
  double seconds = 0;
  try {
    seconds = seconds_of([&] { result = pass(); });
  } catch (...) {
    if (loaded.cpu != nullptr) loaded.cpu->ops().set_profile(nullptr);
    throw;
  }
  if (loaded.cpu != nullptr) loaded.cpu->ops().set_profile(nullptr);
  check_unit_vectors(result);
  return seconds;
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

double flop_of(const ops::cpu::Profile& profile) {
  double flop = 0;
  for (const auto& [key, entry] : profile.ops) flop += entry.flop;
  return flop;
}

}  // namespace mi2::benchmark
