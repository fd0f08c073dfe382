#include <fmt/format.h>

#include "models/model.hpp"
#include "models/model_on.hpp"
#include "models/packed.hpp"
#include "models/synthetic.hpp"
#include "weights/checkpoint.hpp"
#include "weights/names.hpp"

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

class OnCpu : public ModelOn<CpuModel, ops::CpuOps> {
 public:
  using ModelOn::ModelOn;
  ops::CpuOps& ops() override { return ops_; }
};

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
  if (dtype) return *dtype;
  return source.packed() ? own_precision(*source.packed()) : ops::Precision::kF32;
}

std::unique_ptr<CpuModel> load_cpu_model(const std::filesystem::path& weights, const weights::ModelConfig& config,
                                         const ops::CpuOps::Options& options) {
  weights::Checkpoint checkpoint(weights);
  auto model = std::make_unique<OnCpu>(checkpoint, config, options);
  checkpoint.finish();
  return model;
}

std::unique_ptr<CpuModel> load_cpu_model(const weights::ModelSource& source, const ops::CpuOps::Options& options) {
  return source.packed() ? load_packed(source.packed(), source.config(), options)
                         : load_cpu_model(source.weights(), source.config(), options);
}

std::unique_ptr<CpuModel> synthetic_cpu_model(const weights::ModelConfig& config, const ops::CpuOps::Options& options) {
  SyntheticWeights source;
  return std::make_unique<OnCpu>(source, config, options);
}

}  // namespace mi2::models
