#pragma once
// The oracle: every op in plain loops, f32 storage, obviously right and slow. Sums are kept in double so that a test
// against it measures the other engine's error.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ops/op_set.hpp"

namespace mi2::ops {

class ReferenceOps {
 public:
  using Tensor = mi2::tensor::Tensor;

  struct Linear {
    std::int64_t in = 0;
    std::int64_t out = 0;
    std::vector<float> weight;  ///< [out, in]
    std::vector<float> bias;    ///< [out] or empty
  };
  struct Norm {
    std::vector<float> weight;
    std::vector<float> bias;
    float epsilon = 0;
  };
  struct Conv {
    ConvGeometry geometry;
    std::int64_t in = 0;
    std::int64_t out = 0;
    std::vector<float> weight;  ///< [out, in, k, k]
    std::vector<float> bias;
  };
  struct DepthwiseConv {
    std::vector<float> weight;  ///< [C, 3, 3]
    std::vector<float> bias;
  };
  struct Embedding {
    std::int64_t width = 0;
    std::vector<float> rows;
  };

  Linear make_linear(const Parameter& weight, const std::optional<Parameter>& bias, Layout layout);
  Norm make_norm(const Parameter& weight, const Parameter& bias, float epsilon);
  Conv make_conv(const Parameter& weight, const Parameter& bias, ConvGeometry geometry);
  DepthwiseConv make_depthwise_conv(const Parameter& weight, const Parameter& bias);
  Embedding make_embedding(const Parameter& rows);

  tensor::Tensor from_host(const mi2::tensor::Tensor& x) { return x; }
  mi2::tensor::Tensor to_host(const tensor::Tensor& x) { return x; }

  tensor::Tensor linear(const tensor::Tensor& x, const Linear& p, Activation activation);
  tensor::Tensor norm_linear(const tensor::Tensor& x, const Norm& norm, const Linear& p, Activation activation,
                             std::string_view = {});
  tensor::Tensor add_mlp(const tensor::Tensor& x, const Norm& norm, const Linear& first, const Linear& second,
                         Activation activation, float drop_rate);
  tensor::Tensor add_linear(const tensor::Tensor& residual, const tensor::Tensor& x, const Linear& p, float drop_rate,
                            std::string_view = {});
  tensor::Tensor layer_norm(const tensor::Tensor& x, const Norm& p);
  tensor::Tensor l2_normalize(const tensor::Tensor& x);
  tensor::Tensor conv(const tensor::Tensor& x, const Conv& p);
  tensor::Tensor add_depthwise_conv3x3(const tensor::Tensor& x, const DepthwiseConv& p);
  tensor::Tensor norm_window_attention(const tensor::Tensor& x, const Norm& norm, const Linear& projection, int heads,
                                       int window, std::string_view name = {}) {
    return window_attention(norm_linear(x, norm, projection, Activation::kNone, name), projection, heads, window);
  }
  /// qkv [B, H, W, 3 C] -> [B, H, W, C]
  tensor::Tensor window_attention(const tensor::Tensor& qkv, const Linear& projection, int heads, int window);
  tensor::Tensor channel_attention(const tensor::Tensor& qkv, int groups);
  tensor::Tensor mean_tokens(const tensor::Tensor& x);
  tensor::Tensor embed_tokens(const TokenBatch& tokens, const Embedding& table, const Embedding& positions);
  tensor::Tensor self_attention(const tensor::Tensor& qkv, const TokenBatch& tokens, int heads);
  tensor::Tensor take_ends(const tensor::Tensor& x, const TokenBatch& tokens);

  template <typename Body>
  tensor::Tensor segment(std::string_view, tensor::Tensor x, Body&& body) {
    return body(std::move(x));
  }
  template <typename Body>
  tensor::Tensor block(tensor::Tensor x, Body&& body) {
    return body(std::move(x));
  }
};

static_assert(OpSet<ReferenceOps>);

}  // namespace mi2::ops
