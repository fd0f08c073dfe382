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
  using Tensor = mi2::Tensor;

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

  Tensor from_host(const mi2::Tensor& x) { return x; }
  mi2::Tensor to_host(const Tensor& x) { return x; }

  Tensor linear(const Tensor& x, const Linear& p, Activation activation);
  Tensor norm_linear(const Tensor& x, const Norm& norm, const Linear& p, Activation activation);
  Tensor add_linear(const Tensor& residual, const Tensor& x, const Linear& p, float drop_rate);
  Tensor layer_norm(const Tensor& x, const Norm& p);
  Tensor l2_normalize(const Tensor& x);
  Tensor conv(const Tensor& x, const Conv& p);
  Tensor add_depthwise_conv3x3(const Tensor& x, const DepthwiseConv& p);
  Tensor window_attention(const Tensor& qkv, const Linear& projection, int heads, int window);
  Tensor channel_attention(const Tensor& qkv, int groups);
  Tensor mean_tokens(const Tensor& x);
  Tensor embed_tokens(const TokenBatch& tokens, const Embedding& table, const Embedding& positions);
  Tensor self_attention(const Tensor& qkv, const TokenBatch& tokens, int heads);
  Tensor take_ends(const Tensor& x, const TokenBatch& tokens);

  template <typename Body>
  Tensor segment(std::string_view, Tensor x, Body&& body) {
    return body(std::move(x));
  }
  template <typename Body>
  Tensor block(Tensor x, Body&& body) {
    return body(std::move(x));
  }
};

static_assert(OpSet<ReferenceOps>);

}  // namespace mi2::ops
