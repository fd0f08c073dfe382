#pragma once
// The text tower: a CLIP transformer without the causal mask. Source: Radford et al., ICML 2021, section 2.4.

#include <string>
#include <utility>
#include <vector>

#include "models/davit.hpp"

namespace mi2::models {

template <typename O>
struct TextLayer {
  Attention<O> attention;
  Mlp<O> mlp;
};

template <typename O>
struct TextTower {
  typename O::Embedding tokens;     ///< [vocabulary, C]
  typename O::Embedding positions;  ///< [context, C]
  std::vector<TextLayer<O>> layers;
  typename O::Norm norm;
};

/// Texts as ids -> [texts, C]: the row of each text's end token. Padding would be masked, so it is never there.
template <ops::OpSet O>
typename O::Tensor text_tower(O& ops, const TextTower<O>& model, const ops::TokenBatch& tokens) {
  auto x = ops.embed_tokens(tokens, model.tokens, model.positions);
  return ops.segment("text", std::move(x), [&](typename O::Tensor y) {
    for (const TextLayer<O>& layer : model.layers) {
      auto z = ops.norm_linear(y, layer.attention.norm, layer.attention.qkv, ops::Activation::kNone);
      z = ops.self_attention(std::move(z), tokens, layer.attention.heads);
      y = ops.add_linear(std::move(y), std::move(z), layer.attention.projection, 0.0F);
      y = mlp(ops, layer.mlp, std::move(y), ops::Activation::kQuickGelu, 0.0F);
    }
    return ops.layer_norm(ops.take_ends(std::move(y), tokens), model.norm);
  });
}

}  // namespace mi2::models
