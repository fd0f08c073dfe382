#pragma once
// The image tower. Source: DaViT, Dual Attention Vision Transformers (Ding et al., ECCV 2022), with the depthwise
// convolutions and pre-norm patch embeddings of Florence / MedImageInsight.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ops/op_set.hpp"
#include "weights/checkpoint.hpp"
#include "weights/config.hpp"

namespace mi2::models {

/// Two linear layers with an activation between, under a norm: x + fc2(act(fc1(norm(x)))).
template <typename O>
struct Mlp {
  typename O::Norm norm;
  typename O::Linear fc1;  ///< [C] -> [hidden]
  typename O::Linear fc2;  ///< [hidden] -> [C]
};

/// An attention under a norm: x + projection(attend(qkv(norm(x)))).
template <typename O>
struct Attention {
  typename O::Norm norm;
  typename O::Linear qkv;         ///< [C] -> [3 C]: queries, keys, values, each with its heads side by side
  typename O::Linear projection;  ///< [C] -> [C]
  int heads = 1;                  ///< groups, for channel attention
};

/// One block of either kind; only the attention in the middle differs.
template <typename O>
struct DavitBlock {
  typename O::DepthwiseConv conv1;
  Attention<O> attention;
  typename O::DepthwiseConv conv2;
  Mlp<O> mlp;
  float drop_rate = 0;  ///< stochastic depth in training
};

template <typename O>
struct DavitStage {
  std::optional<typename O::Norm> norm_before;  ///< of the patch embedding; stages 1 to 3
  typename O::Conv patches;
  std::optional<typename O::Norm> norm_after;                  ///< stage 0
  std::vector<std::pair<DavitBlock<O>, DavitBlock<O>>> pairs;  ///< spatial, channel
  int window = 12;
};

template <typename O>
struct Davit {
  std::vector<DavitStage<O>> stages;
  typename O::Norm norm;
};

template <ops::OpSet O>
typename O::Tensor mlp(O& ops, const Mlp<O>& p, typename O::Tensor x, ops::Activation activation, float drop_rate) {
  return ops.add_mlp(std::move(x), p.norm, p.fc1, p.fc2, activation, drop_rate);
}

/// x [B, H, W, C]. Attention among the tokens of a window, head by head (section 3.2 of the paper).
template <ops::OpSet O>
typename O::Tensor spatial_block(O& ops, const DavitBlock<O>& p, typename O::Tensor x, int window) {
  x = ops.add_depthwise_conv3x3(std::move(x), p.conv1);
  auto y = ops.norm_window_attention(x, p.attention.norm, p.attention.qkv, p.attention.heads, window, "qkv");
  x = ops.add_linear(std::move(x), std::move(y), p.attention.projection, p.drop_rate, "proj");
  x = ops.add_depthwise_conv3x3(std::move(x), p.conv2);
  return mlp(ops, p.mlp, std::move(x), ops::Activation::kGelu, p.drop_rate);
}

/// x [B, H, W, C]. Attention among the channels of a group, over all tokens (section 3.3 of the paper).
template <ops::OpSet O>
typename O::Tensor channel_block(O& ops, const DavitBlock<O>& p, typename O::Tensor x) {
  x = ops.add_depthwise_conv3x3(std::move(x), p.conv1);
  auto y = ops.norm_linear(x, p.attention.norm, p.attention.qkv, ops::Activation::kNone, "qkv");
  y = ops.channel_attention(std::move(y), p.attention.heads);
  x = ops.add_linear(std::move(x), std::move(y), p.attention.projection, p.drop_rate, "proj");
  x = ops.add_depthwise_conv3x3(std::move(x), p.conv2);
  return mlp(ops, p.mlp, std::move(x), ops::Activation::kGelu, p.drop_rate);
}

template <ops::OpSet O>
typename O::Tensor patch_embedding(O& ops, const DavitStage<O>& stage, typename O::Tensor x) {
  if (stage.norm_before) x = ops.layer_norm(std::move(x), *stage.norm_before);
  x = ops.conv(std::move(x), stage.patches);
  if (stage.norm_after) x = ops.layer_norm(std::move(x), *stage.norm_after);
  return x;
}

/// x [B, height, width, 3], normalised pixels -> [B, H, W, C]: the residual stream as the last stage leaves it.
template <ops::OpSet O>
typename O::Tensor davit_tokens(O& ops, const Davit<O>& model, typename O::Tensor x) {
  using Tensor = typename O::Tensor;
  for (std::size_t s = 0; s < model.stages.size(); ++s) {
    const DavitStage<O>& stage = model.stages[s];
    x = ops.segment(fmt::format("conv{}", s), std::move(x),
                    [&](Tensor y) { return patch_embedding(ops, stage, std::move(y)); });
    x = ops.segment(fmt::format("stage{}", s), std::move(x), [&](Tensor y) {
      for (const auto& pair : stage.pairs) {
        y = ops.block(std::move(y), [&ops, &pair, window = stage.window](Tensor z) {
          z = spatial_block(ops, pair.first, std::move(z), window);
          return channel_block(ops, pair.second, std::move(z));
        });
      }
      return y;
    });
  }
  return x;
}

/// x [.., C], the mean of an image's tokens -> the same under the tower's last norm.
template <ops::OpSet O>
typename O::Tensor davit_normed(O& ops, const Davit<O>& model, typename O::Tensor x) {
  return ops.layer_norm(std::move(x), model.norm);
}

/// tokens [B, H, W, C] -> [B, C]: their mean, under a norm.
template <ops::OpSet O>
typename O::Tensor davit_pooled(O& ops, const Davit<O>& model, typename O::Tensor tokens) {
  using Tensor = typename O::Tensor;
  return ops.segment("pooled", std::move(tokens),
                     [&](Tensor y) { return davit_normed(ops, model, ops.mean_tokens(std::move(y))); });
}

}  // namespace mi2::models
