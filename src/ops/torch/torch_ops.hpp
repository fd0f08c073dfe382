#pragma once
// The model's ops over libtorch tensors: autograd for training, and GPUs. No description of the architecture here.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "ops/op_set.hpp"
#include "ops/torch/recompute.hpp"
#include "ops/torch/text_layout.hpp"

namespace mi2::ops {

/// A weight that training may change, under its checkpoint name.
struct TorchParameter {
  std::string name;
  at::Tensor value;  ///< f32, a leaf that requires a gradient
};

/// A low-rank addition to a linear layer's weight [out, in]: the layer computes with W + scale * b a.
struct LowRank {
  Parameter a;  ///< [rank, in]
  Parameter b;  ///< [out, rank]
  double scale = 1;
};

class TorchOps {
 public:
  struct Options {
    at::Device device = at::kCPU;
    bool recompute = false;    ///< activation checkpointing: keep no inner values of a block for the backward pass
    double image_dropout = 0;  ///< after the activations and the branch ends of the image tower, while training
    /// Of a model that is only asked: its products' weights and inputs are kept in this type, nothing has a gradient,
    /// and what nobody else holds is written over. The residual stream, norms and depthwise convolutions stay f32.
    std::optional<at::ScalarType> frozen;
    /// The addition to a linear layer's weight that has the layout [out, in]; nothing for one without. Not of a frozen
    /// model. Null: none has.
    std::function<std::optional<LowRank>(const Parameter& weight)> low_rank;
  };

  using Tensor = at::Tensor;
  struct Linear {
    at::Tensor weight;  ///< as its Layout says
    at::Tensor bias;    ///< [out], or undefined
    Layout layout = Layout::kOutIn;
    double dropout = 0;
    at::Tensor a;  ///< of the addition; undefined without one
    at::Tensor b;
    double scale = 1;
  };
  struct Norm {
    at::Tensor weight;
    at::Tensor bias;
    double epsilon = 0;
  };
  struct Conv {
    at::Tensor weight;  ///< [N, C, k, k]
    at::Tensor bias;
    ConvGeometry geometry;
  };
  struct DepthwiseConv {
    at::Tensor weight;  ///< [C, 1, 3, 3]; of a frozen model with the identity added
    at::Tensor bias;
  };
  struct Embedding {
    at::Tensor rows;  ///< [rows, C]
  };

  explicit TorchOps(const Options& options) : options_(options) {}

  Linear make_linear(const Parameter& weight, const std::optional<Parameter>& bias, Layout layout);
  Norm make_norm(const Parameter& weight, const Parameter& bias, float epsilon);
  Conv make_conv(const Parameter& weight, const Parameter& bias, ConvGeometry geometry);
  DepthwiseConv make_depthwise_conv(const Parameter& weight, const Parameter& bias);
  Embedding make_embedding(const Parameter& rows);

  Tensor from_host(const tensor::Tensor& x) const { return on_device(x, options_.device); }
  /// A copy of f32 numbers of the host.
  static Tensor on_device(const tensor::Tensor& x, at::Device device);
  static Tensor on_device(const float* x, at::IntArrayRef shape, at::Device device);
  static tensor::Tensor to_host(const Tensor& x);

  Tensor linear(const Tensor& x, const Linear& p, Activation activation) const;
  Tensor norm_linear(const Tensor& x, const Norm& norm, const Linear& p, Activation activation,
                     std::string_view = {}) const;
  Tensor add_mlp(Tensor x, const Norm& norm, const Linear& first, const Linear& second, Activation activation,
                 float drop_rate) const;
  Tensor add_linear(Tensor residual, const Tensor& x, const Linear& p, float drop_rate, std::string_view = {}) const;
  Tensor layer_norm(const Tensor& x, const Norm& p) const;
  Tensor l2_normalize(const Tensor& x) const;
  Tensor conv(const Tensor& x, const Conv& p) const;
  Tensor add_depthwise_conv3x3(const Tensor& x, const DepthwiseConv& p) const;
  Tensor norm_window_attention(const Tensor& x, const Norm& norm, const Linear& projection, int heads, int window,
                               std::string_view = {}) const;
  Tensor channel_attention(const Tensor& qkv, int groups) const;
  Tensor mean_tokens(const Tensor& x) const;
  Tensor embed_tokens(const TokenBatch& tokens, const Embedding& table, const Embedding& positions) const;
  Tensor self_attention(const Tensor& qkv, const TokenBatch& tokens, int heads) const;
  Tensor take_ends(const Tensor& x, const TokenBatch& tokens) const;

  template <typename Body>
  Tensor segment(std::string_view, Tensor x, Body&& body) {
    return body(std::move(x));
  }
  /// Recomputed in the backward pass when the options say so. `body` may outlive the call.
  template <typename Body>
  Tensor block(Tensor x, Body&& body) {
    if (!training_ || !options_.recompute) return body(std::move(x));
    return torch_ops::recompute(std::move(x), std::forward<Body>(body));
  }

  /// Whether dropout and stochastic depth act. They draw from libtorch's default generator.
  void set_training(bool training) noexcept { training_ = training; }
  /// Every weight made so far, in the order of the model; none of a frozen one.
  [[nodiscard]] std::vector<TorchParameter>& parameters() noexcept { return parameters_; }
  [[nodiscard]] const std::vector<TorchParameter>& parameters() const noexcept { return parameters_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

 private:
  at::Tensor parameter(const Parameter& stored, at::ScalarType frozen = at::kFloat);
  [[nodiscard]] at::ScalarType product_type() const noexcept { return options_.frozen.value_or(at::kFloat); }
  [[nodiscard]] Tensor product(const Tensor& x, const Linear& p) const;
  [[nodiscard]] Tensor dropout(const Tensor& x, double rate) const;
  [[nodiscard]] at::Tensor indices(const std::vector<std::int64_t>& values) const;
  [[nodiscard]] std::shared_ptr<const torch_ops::TextLayout> layout_of(const TokenBatch& tokens) const;

  Options options_;
  bool training_ = false;
  std::vector<TorchParameter> parameters_;
  mutable std::mutex layout_turn_;
  mutable std::shared_ptr<const torch_ops::TextLayout> layout_;  ///< of the last batch: every layer asks for it
};

}  // namespace mi2::ops
