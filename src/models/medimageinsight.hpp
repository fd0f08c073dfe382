#pragma once
// MedImageInsight: two towers into one space. Source: Codella et al., 2024 (MedImageInsight); UniCL, Yang et al., 2022.

#include <utility>

#include "models/davit.hpp"
#include "models/load.hpp"
#include "models/text_tower.hpp"

namespace mi2::models {

template <typename O>
struct MedImageInsight {
  Davit<O> image;
  typename O::Linear image_projection;
  TextTower<O> text;
  typename O::Linear text_projection;
  float logit_scale = 0;  ///< the logarithm
};

/// Takes every tensor of `source` that the model needs. @throws Error{kBadFile} naming a missing or misshapen one.
template <ops::LayerMaker O, ParameterSource S>
MedImageInsight<O> load_medimageinsight(O& ops, S& source, const weights::ModelConfig& config) {
  Loader<O, S> loader(ops, source);
  MedImageInsight<O> model;
  model.logit_scale = source.take("logit_scale", {}).to_floats().front();
  model.image = loader.davit(config.image);
  model.image_projection = loader.projection("image_projection", config.image.dims.back(), config.projection);
  model.text = loader.text_tower(config.text);
  model.text_projection = loader.projection("lang_projection", config.text.width, config.projection);
  return model;
}

/// What the image tower ends in, [N, C] under its norm -> unit vectors [N, projection].
template <ops::OpSet O>
typename O::Tensor project_image(O& ops, const MedImageInsight<O>& model, typename O::Tensor x) {
  return ops.l2_normalize(ops.linear(std::move(x), model.image_projection, ops::Activation::kNone));
}

/// The image tower's tokens [B, H, W, C] -> unit vectors [B, projection].
template <ops::OpSet O>
typename O::Tensor vectors_of_tokens(O& ops, const MedImageInsight<O>& model, typename O::Tensor tokens) {
  return project_image(ops, model, davit_pooled(ops, model.image, std::move(tokens)));
}

/// Tokens [N, C], each by itself in place of a grid's mean -> unit vectors [N, projection].
template <ops::OpSet O>
typename O::Tensor embed_image_tokens(O& ops, const MedImageInsight<O>& model, typename O::Tensor tokens) {
  return project_image(ops, model, davit_normed(ops, model.image, std::move(tokens)));
}

/// pixels [B, height, width, 3], normalised -> unit vectors [B, projection].
template <ops::OpSet O>
typename O::Tensor embed_images(O& ops, const MedImageInsight<O>& model, typename O::Tensor pixels) {
  return vectors_of_tokens(ops, model, davit_tokens(ops, model.image, std::move(pixels)));
}

/// As embed_images(), and the tokens [B, H, W, C] that the vectors were made of.
template <ops::OpSet O>
std::pair<typename O::Tensor, typename O::Tensor> embed_images_and_tokens(O& ops, const MedImageInsight<O>& model,
                                                                          typename O::Tensor pixels) {
  const auto tokens = davit_tokens(ops, model.image, std::move(pixels));
  return {vectors_of_tokens(ops, model, tokens), tokens};
}

/// Unit vectors [texts, projection].
template <ops::OpSet O>
typename O::Tensor embed_texts(O& ops, const MedImageInsight<O>& model, const ops::TokenBatch& tokens) {
  auto x = text_tower(ops, model.text, tokens);
  return ops.l2_normalize(ops.linear(std::move(x), model.text_projection, ops::Activation::kNone));
}

}  // namespace mi2::models
