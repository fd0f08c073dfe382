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

/// x [S, C], S tokens of all texts.
template <ops::OpSet O>
typename O::Tensor text_layer(O& ops, const TextLayer<O>& layer, typename O::Tensor x, const ops::TokenBatch& tokens) {
  auto y = ops.norm_linear(x, layer.attention.norm, layer.attention.qkv, ops::Activation::kNone, "qkv");
  y = ops.self_attention(std::move(y), tokens, layer.attention.heads);
  x = ops.add_linear(std::move(x), std::move(y), layer.attention.projection, 0.0F, "proj");
  return mlp(ops, layer.mlp, std::move(x), ops::Activation::kQuickGelu, 0.0F);
}

/// Texts as ids -> [texts, C]: the row of each text's end token. Padding would be masked, so it is never there.
template <ops::OpSet O>
typename O::Tensor text_tower(O& ops, const TextTower<O>& model, const ops::TokenBatch& tokens) {
  using Tensor = typename O::Tensor;
  auto x = ops.embed_tokens(tokens, model.tokens, model.positions);
  return ops.segment("text", std::move(x), [&](Tensor y) {
    for (const TextLayer<O>& layer : model.layers) {
      y = ops.block(std::move(y),
                    [&ops, &layer, tokens](Tensor z) { return text_layer(ops, layer, std::move(z), tokens); });
    }
    return ops.layer_norm(ops.take_ends(std::move(y), tokens), model.norm);
  });
}

}  // namespace mi2::models
