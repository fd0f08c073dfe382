#include "models/model.hpp"
#include "models/model_on.hpp"
#include "ops/reference/reference_ops.hpp"

namespace mi2::models {

std::unique_ptr<Model> load_reference_model(const std::filesystem::path& weights, const weights::ModelConfig& config) {
  weights::Checkpoint checkpoint(weights);
  auto model = std::make_unique<ModelOn<Model, ops::ReferenceOps>>(checkpoint, config);
  checkpoint.finish();
  return model;
}

}  // namespace mi2::models
