#include "models/torch/torch_model.hpp"

#include <utility>

#include <ATen/core/grad_mode.h>

#include "models/initial.hpp"
#include "models/model_on.hpp"
#include "weights/checkpoint.hpp"

namespace mi2::models {
namespace {

class OnTorch final : public ModelOn<TorchModel, ops::TorchOps> {
 public:
  template <ParameterSource S>
  OnTorch(S& source, const weights::ModelConfig& config, const ops::TorchOps::Options& options)
      : ModelOn(source, config, options) {
    at::Tensor scale = at::full({}, ModelOn::logit_scale(), at::TensorOptions(at::kFloat).device(options.device));
    scale.requires_grad_(true);
    ops_.parameters().push_back({"logit_scale", scale});
  }

  at::Tensor image_features(const at::Tensor& pixels) override { return models::embed_images(ops_, model_, pixels); }
  std::pair<at::Tensor, at::Tensor> image_features_and_tokens(const at::Tensor& pixels) override {
    return models::embed_images_and_tokens(ops_, model_, pixels);
  }
  at::Tensor features_of_tokens(const at::Tensor& tokens) override {
    return models::embed_image_tokens(ops_, model_, tokens);
  }
  at::Tensor text_features(const ops::TokenBatch& tokens) override { return models::embed_texts(ops_, model_, tokens); }
  std::vector<ops::TorchParameter>& parameters() override { return ops_.parameters(); }
  void set_training(bool training) override { ops_.set_training(training); }
  [[nodiscard]] float logit_scale() const override { return ops_.parameters().back().value.item<float>(); }

  tensor::Tensor embed_images(const tensor::Tensor& pixels) override {
    const at::NoGradGuard no_graph;
    return ModelOn::embed_images(pixels);
  }
  ImageFeatures embed_images_and_tokens(const tensor::Tensor& pixels) override {
    const at::NoGradGuard no_graph;
    return ModelOn::embed_images_and_tokens(pixels);
  }
  tensor::Tensor embed_image_tokens(const tensor::Tensor& tokens) override {
    const at::NoGradGuard no_graph;
    return ModelOn::embed_image_tokens(tokens);
  }
  tensor::Tensor embed_texts(const ops::TokenBatch& tokens) override {
    const at::NoGradGuard no_graph;
    return ModelOn::embed_texts(tokens);
  }
};

}  // namespace

std::unique_ptr<TorchModel> load_torch_model(const weights::StoredWeights& weights, const weights::ModelConfig& config,
                                             const ops::TorchOps::Options& options) {
  weights::Checkpoint checkpoint(weights);
  auto model = std::make_unique<OnTorch>(checkpoint, config, options);
  checkpoint.finish();
  return model;
}

std::unique_ptr<TorchModel> initial_torch_model(const weights::ModelConfig& config, std::uint64_t seed,
                                                const ops::TorchOps::Options& options) {
  InitialWeights source(seed);
  return std::make_unique<OnTorch>(source, config, options);
}

}  // namespace mi2::models
