#pragma once
// What a model may ask of an engine. The models are templates over an OpSet and are written once; an op set decides how
// to compute, with which element types and on which device. `reference/` is the oracle, `cpu/` the fast engine,
// `torch/` has gradients and GPUs.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ops/parameter.hpp"
#include "tensor/tensor.hpp"

namespace mi2::ops {

enum class Activation : std::uint8_t {
  kNone,
  kGelu,       ///< x * (1 + erf(x / sqrt(2))) / 2
  kQuickGelu,  ///< x * sigmoid(1.702 x)
};

/// How a weight matrix lies in the checkpoint.
enum class Layout : std::uint8_t {
  kOutIn,  ///< [out, in], as torch.nn.Linear keeps it
  kInOut,  ///< [in, out], as a bare projection `x @ P`
};

/// A convolution's geometry: square kernel, the same stride and zero padding on all sides.
struct ConvGeometry {
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  [[nodiscard]] std::int64_t out(std::int64_t in) const noexcept { return (in + 2 * padding - kernel) / stride + 1; }
};

/// What a model's weights become, prepared once at load. Parameters are views into a mapped file and may be gone
/// afterwards.
template <typename O>
concept LayerMaker = requires(O& ops, const Parameter& parameter, const std::optional<Parameter>& bias, Layout layout,
                              ConvGeometry geometry, float epsilon) {
  { ops.make_linear(parameter, bias, layout) } -> std::same_as<typename O::Linear>;
  { ops.make_norm(parameter, parameter, epsilon) } -> std::same_as<typename O::Norm>;            // [C], [C]
  { ops.make_conv(parameter, parameter, geometry) } -> std::same_as<typename O::Conv>;           // [N, C, k, k], [N]
  { ops.make_depthwise_conv(parameter, parameter) } -> std::same_as<typename O::DepthwiseConv>;  // [C, 1, 3, 3], [C]
  { ops.make_embedding(parameter) } -> std::same_as<typename O::Embedding>;                      // [rows, C]
};

// B images, H x W tokens of C channels; S tokens of all texts of a batch one after the other (no padding), text t
// taking rows [offsets[t], offsets[t + 1]). Every op returns a new tensor or reuses an argument it was given by value.
template <typename O>
concept OpSet = LayerMaker<O> &&
    requires(O& ops, typename O::Tensor x, const typename O::Linear& linear, const typename O::Norm& norm,
             const typename O::Conv& conv, const typename O::DepthwiseConv& depthwise,
             const typename O::Embedding& embedding, const mi2::tensor::Tensor& host, const TokenBatch& tokens,
             Activation activation, int heads, int window, float rate, std::string_view name) {
  // In and out: f32 in the host's memory.
  { ops.from_host(host) } -> std::same_as<typename O::Tensor>;
  { ops.to_host(x) } -> std::same_as<mi2::tensor::Tensor>;

  // x [.., K] -> [.., N]
  { ops.linear(x, linear, activation) } -> std::same_as<typename O::Tensor>;
  // linear(layer_norm(x)), then the activation. `name` is the caller's for this use of the op, for a profile.
  { ops.norm_linear(x, norm, linear, activation, name) } -> std::same_as<typename O::Tensor>;
  // residual + linear(x): the end of a residual branch, which training drops at `rate` (stochastic depth) and
  // inference ignores
  { ops.add_linear(x, x, linear, rate, name) } -> std::same_as<typename O::Tensor>;
  // x + second(activation(first(layer_norm(x)))), dropped as in add_linear
  { ops.add_mlp(x, norm, linear, linear, activation, rate) } -> std::same_as<typename O::Tensor>;
  // over the last axis
  { ops.layer_norm(x, norm) } -> std::same_as<typename O::Tensor>;
  { ops.l2_normalize(x) } -> std::same_as<typename O::Tensor>;

  // x [B, H, W, C] -> [B, H', W', N]
  { ops.conv(x, conv) } -> std::same_as<typename O::Tensor>;
  // x + depthwise 3 x 3 convolution of x, zero padding 1
  { ops.add_depthwise_conv3x3(x, depthwise) } -> std::same_as<typename O::Tensor>;
  // x [B, H, W, C] -> [B, H, W, C]: q, k, v = linear(layer_norm(x)), and softmax(q k^T / sqrt(C / heads)) v inside
  // windows of window x window tokens. H and W are padded to a multiple of `window` at right and bottom with tokens
  // that are zero after the norm (so that their q, k, v are the bias of `linear`); they take part, unmasked, and are
  // cropped from the result.
  { ops.norm_window_attention(x, norm, linear, heads, window, name) } -> std::same_as<typename O::Tensor>;
  // qkv [B, H, W, 3 C] -> [B, H, W, C]: per group softmax(q^T k / sqrt(H W)) over channels, applied to v
  { ops.channel_attention(x, heads) } -> std::same_as<typename O::Tensor>;
  // x [B, H, W, C] -> [B, C]
  { ops.mean_tokens(x) } -> std::same_as<typename O::Tensor>;

  // ids -> [S, C]: token row + row of its position in its text
  { ops.embed_tokens(tokens, embedding, embedding) } -> std::same_as<typename O::Tensor>;
  // qkv [S, 3 C] -> [S, C]: softmax(q k^T / sqrt(C / heads)) v inside each text
  { ops.self_attention(x, tokens, heads) } -> std::same_as<typename O::Tensor>;
  // x [S, C] -> [texts, C]: the row of each text's first end token
  { ops.take_ends(x, tokens) } -> std::same_as<typename O::Tensor>;

  // Runs body(x) as the part of the model called `name`: where an engine times or traces.
  {
    ops.segment(std::string_view{}, x, [](typename O::Tensor y) { return y; })
    } -> std::same_as<typename O::Tensor>;
  // body(x), a repeated block: where training may keep only x and run body again for the gradient. What body refers to
  // must therefore live as long as the model; the rest it holds by value.
  {
    ops.block(x, [](typename O::Tensor y) { return y; })
    } -> std::same_as<typename O::Tensor>;
};

}  // namespace mi2::ops
