#pragma once
// The CPU engine watched while it computes: what ranges its layers are given, and what each would lose in bytes. An op
// set of its own, so that the model is the one that is served.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "models/sharing.hpp"
#include "ops/cpu/cpu_ops.hpp"

namespace mi2::models {

class WatchingOps {
 public:
  /// What is watched for, or decided. Layers go by the names of their weights.
  struct Watch {
    bool ranges = false;
    NormedRanges seen;
    bool losses = false;
    /// What the residual stream is off by behind a branch (or a patch embedding) of which this layer alone is in bytes:
    /// relative length of the difference, the largest of all inputs.
    std::map<std::string, double> lost;
    std::set<std::string> wide;  ///< layers that stay bf16; if `losses`, all do
  };

  using Maker = ops::CpuOps;
  struct Norm {
    std::string name;
    Maker::Norm norm;
  };
  struct Linear {
    std::string name;
    Maker::Linear wide;
    Maker::Linear narrow;  ///< without a product if the op set has no engine for bytes
  };
  struct Conv {
    std::string name;
    Maker::Conv wide;
    Maker::Conv narrow;
  };
  using DepthwiseConv = Maker::DepthwiseConv;
  using Embedding = Maker::Embedding;
  struct Tensor {
    tensor::Tensor x;
    std::string norm;                     ///< the norm whose result this is
    std::string layer;                    ///< of `other`
    std::optional<tensor::Tensor> other;  ///< x if that layer alone were in bytes
  };

  /// @param narrow  an int8 engine's options, or none to compute in bf16 alone.
  WatchingOps(const Maker::Options& wide, const std::optional<Maker::Options>& narrow);

  [[nodiscard]] Watch& watch() noexcept { return watch_; }

  Linear make_linear(const ops::Parameter& weight, const std::optional<ops::Parameter>& bias, ops::Layout layout);
  Norm make_norm(const ops::Parameter& weight, const ops::Parameter& bias, float epsilon);
  Conv make_conv(const ops::Parameter& weight, const ops::Parameter& bias, ops::ConvGeometry geometry);
  DepthwiseConv make_depthwise_conv(const ops::Parameter& weight, const ops::Parameter& bias);
  Embedding make_embedding(const ops::Parameter& rows);

  Tensor from_host(const tensor::Tensor& x) { return {x, {}, {}, {}}; }
  tensor::Tensor to_host(const Tensor& x) { return engine_.to_host(x.x); }

  Tensor linear(const Tensor& x, const Linear& p, ops::Activation activation);
  Tensor norm_linear(const Tensor& x, const Norm& norm, const Linear& p, ops::Activation activation,
                     std::string_view name);
  Tensor add_linear(const Tensor& residual, const Tensor& x, const Linear& p, float drop_rate, std::string_view name);
  Tensor add_mlp(const Tensor& x, const Norm& norm, const Linear& first, const Linear& second,
                 ops::Activation activation, float drop_rate);
  Tensor layer_norm(const Tensor& x, const Norm& p);
  Tensor l2_normalize(const Tensor& x) { return plain(engine_.l2_normalize(x.x)); }
  Tensor conv(const Tensor& x, const Conv& p);
  Tensor add_depthwise_conv3x3(const Tensor& x, const DepthwiseConv& p) {
    return plain(engine_.add_depthwise_conv3x3(x.x, p));
  }
  Tensor norm_window_attention(const Tensor& x, const Norm& norm, const Linear& projection, int heads, int window,
                               std::string_view name);
  Tensor channel_attention(const Tensor& qkv, int groups);
  Tensor mean_tokens(const Tensor& x) { return plain(engine_.mean_tokens(x.x)); }
  Tensor embed_tokens(const ops::TokenBatch& tokens, const Embedding& table, const Embedding& positions) {
    return plain(engine_.embed_tokens(tokens, table, positions));
  }
  Tensor self_attention(const Tensor& qkv, const ops::TokenBatch& tokens, int heads);
  Tensor take_ends(const Tensor& x, const ops::TokenBatch& tokens) { return plain(engine_.take_ends(x.x, tokens)); }

  template <typename Body>
  Tensor segment(std::string_view /*name*/, Tensor x, Body&& body) {
    return body(std::move(x));
  }
  template <typename Body>
  Tensor block(Tensor x, Body&& body) {
    return body(std::move(x));
  }

 private:
  static Tensor plain(tensor::Tensor x) { return {std::move(x), {}, {}, {}}; }
  template <typename Layer>
  [[nodiscard]] const auto& chosen(const Layer& layer) const;
  /// Both x and its other.
  template <typename Op>
  static Tensor both(const Tensor& x, const Op& op);
  void see(const Norm& norm, const std::string& layer, const tensor::Tensor& x);
  void see_rows(const std::string& norm, const std::string& layer, const tensor::Tensor& rows);
  void lose(const std::string& layer, const tensor::Tensor& right, const tensor::Tensor& off);

  Maker engine_;
  std::unique_ptr<Maker> narrow_;
  Watch watch_;
};

static_assert(ops::OpSet<WatchingOps>);

}  // namespace mi2::models
