#pragma once
// The seam's implementation for any op set; each .cpp that instantiates it is one engine's copy of the model.

#include <utility>

#include "models/medimageinsight.hpp"
#include "models/model.hpp"

namespace mi2::models {

/// @param Seam  the interface to implement: Model, or one that adds to it.
template <typename Seam, ops::OpSet O>
class ModelOn : public Seam {
 public:
  template <ParameterSource S, typename... Args>
  ModelOn(S& source, const weights::ModelConfig& config, Args&&... args)
      : ops_(std::forward<Args>(args)...), model_(load_medimageinsight(ops_, source, config)) {}

  tensor::Tensor embed_images(const tensor::Tensor& pixels) override {
    return ops_.to_host(models::embed_images(ops_, model_, ops_.from_host(pixels)));
  }
  ImageFeatures embed_images_and_tokens(const tensor::Tensor& pixels) override {
    const auto [vectors, tokens] = models::embed_images_and_tokens(ops_, model_, ops_.from_host(pixels));
    return {ops_.to_host(vectors), ops_.to_host(tokens)};
  }
  tensor::Tensor embed_image_tokens(const tensor::Tensor& tokens) override {
    return ops_.to_host(models::embed_image_tokens(ops_, model_, ops_.from_host(tokens)));
  }
  tensor::Tensor embed_texts(const ops::TokenBatch& tokens) override {
    return ops_.to_host(models::embed_texts(ops_, model_, tokens));
  }
  [[nodiscard]] float logit_scale() const override { return model_.logit_scale; }

 protected:
  O ops_;
  MedImageInsight<O> model_;
};

}  // namespace mi2::models
