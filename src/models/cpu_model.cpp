#include <fmt/format.h>

#include "models/calibration.hpp"
#include "models/model.hpp"
#include "models/on_cpu.hpp"
#include "models/packed.hpp"
#include "models/synthetic.hpp"
#include "weights/checkpoint.hpp"
#include "weights/names.hpp"

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

ops::Precision own_precision(const weights::PackedFile& file) {
  for (const ops::Precision precision : ops::kPrecisions) {
    if (file.info().dtype == name_of(precision)) return precision;
  }
  throw Error(Code::kBadFile, fmt::format("{}: is packed in {}, which this mi2 does not compute in", file.name(),
                                          weights::in_quotes(file.info().dtype)));
}

void check_precision(const weights::PackedFile& file, const ops::CpuOps::Options& options) {
  const ops::Precision own = own_precision(file);
  if (own == options.precision) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: is packed in {}, {} was asked for; leave dtype out, or pack the model in {}",
                          file.name(), name_of(own), name_of(options.precision), name_of(options.precision)));
}

std::unique_ptr<CpuModel> load_packed(const std::shared_ptr<const weights::PackedFile>& file,
                                      const weights::ModelConfig& config, ops::CpuOps::Options options) {
  base::ThreadPool pool(options.threads);
  check_precision(*file, options);
  file->verify(pool);
  const auto blocks = std::make_shared<weights::BlocksOfFile>(file);
  options.prepared = blocks;
  PackedParameters source(*blocks);
  auto model = std::make_unique<OnCpu>(source, config, options);
  blocks->finish();
  return model;
}

}  // namespace

ops::Precision precision_of(std::optional<DType> dtype, const weights::ModelSource& source) {
  if (dtype && *dtype != DType::kAuto) return *dtype;
  if (source.packed()) return own_precision(*source.packed());
  return dtype ? ops::CpuOps::automatic() : ops::Precision::kF32;
}

std::unique_ptr<CpuModel> load_cpu_model(const weights::StoredWeights& weights, const weights::ModelConfig& config,
                                         const ops::CpuOps::Options& options) {
  if (options.precision == ops::Precision::kInt8) {
    return load_int8_model(weights, config, options, built_in_inputs(config)).model;
  }
  weights::Checkpoint checkpoint(weights);
  auto model = std::make_unique<OnCpu>(checkpoint, config, options);
  checkpoint.finish();
  return model;
}

std::unique_ptr<CpuModel> load_cpu_model(const weights::ModelSource& source, const ops::CpuOps::Options& options,
                                         Int8Fit& fit) {
  if (source.packed()) {
    const std::optional<std::string>& calibration = source.packed()->info().calibration;
    if (calibration) fit = parse_fit(*calibration);
    return load_packed(source.packed(), source.config(), options);
  }
  if (options.precision != ops::Precision::kInt8) return load_cpu_model(source.weights(), source.config(), options);
  FittedModel fitted = load_int8_model(source.weights(), source.config(), options, built_in_inputs(source.config()));
  fit = std::move(fitted.fit);
  return std::move(fitted.model);
}

std::unique_ptr<CpuModel> load_cpu_model(const weights::ModelSource& source, const ops::CpuOps::Options& options) {
  Int8Fit fit;
  return load_cpu_model(source, options, fit);
}

std::unique_ptr<CpuModel> synthetic_cpu_model(const weights::ModelConfig& config, const ops::CpuOps::Options& options) {
  SyntheticWeights source;
  return std::make_unique<OnCpu>(source, config, options);
}

}  // namespace mi2::models
