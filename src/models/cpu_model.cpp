#include "models/model.hpp"
#include "models/model_on.hpp"
#include "models/synthetic.hpp"

namespace mi2::models {
namespace {

class OnCpu : public ModelOn<CpuModel, ops::CpuOps> {
 public:
  using ModelOn::ModelOn;
  ops::CpuOps& ops() override { return ops_; }
};

}  // namespace

std::unique_ptr<CpuModel> load_cpu_model(const std::filesystem::path& weights, const weights::ModelConfig& config,
                                         const ops::CpuOps::Options& options) {
  weights::Checkpoint checkpoint(weights);
  auto model = std::make_unique<OnCpu>(checkpoint, config, options);
  checkpoint.finish();
  return model;
}

std::unique_ptr<CpuModel> synthetic_cpu_model(const weights::ModelConfig& config, const ops::CpuOps::Options& options) {
  SyntheticWeights source;
  return std::make_unique<OnCpu>(source, config, options);
}

}  // namespace mi2::models
