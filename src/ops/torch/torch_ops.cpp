#include "ops/torch/torch_ops.hpp"

#include <array>
#include <cstring>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::ops {
namespace {

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return at::gelu(x, "none");
    case Activation::kQuickGelu:
      return x * at::sigmoid(x * 1.702);
  }
  throw Error(Code::kInternal, "torch ops: an activation without a formula");
}

/// [B, H, W, C] as libtorch's [B, C, H, W], without moving a number.
at::Tensor channels_first(const at::Tensor& x) { return x.permute({0, 3, 1, 2}); }
at::Tensor channels_last(const at::Tensor& x) { return x.permute({0, 2, 3, 1}).contiguous(); }

}  // namespace

at::Tensor TorchOps::parameter(const Parameter& stored) {
  std::vector<std::int64_t> shape;
  for (std::size_t axis = 0; axis < stored.shape.rank(); ++axis) shape.push_back(stored.shape[axis]);
  const std::vector<float> values = stored.to_floats();
  at::Tensor value = at::empty(shape, at::kFloat);
  std::memcpy(value.mutable_data_ptr<float>(), values.data(), values.size() * sizeof(float));
  value = value.to(options_.device);
  value.requires_grad_(true);
  parameters_.push_back({stored.name, value});
  return value;
}

TorchOps::Linear TorchOps::make_linear(const Parameter& weight, const std::optional<Parameter>& bias, Layout layout) {
  Linear linear;
  linear.weight = parameter(weight);
  if (bias) linear.bias = parameter(*bias);
  linear.layout = layout;
  linear.dropout = weight.name.starts_with("image_encoder.") ? options_.image_dropout : 0;
  return linear;
}

TorchOps::Norm TorchOps::make_norm(const Parameter& weight, const Parameter& bias, float epsilon) {
  Norm norm;
  norm.weight = parameter(weight);
  norm.bias = parameter(bias);
  norm.epsilon = epsilon;
  return norm;
}

TorchOps::Conv TorchOps::make_conv(const Parameter& weight, const Parameter& bias, ConvGeometry geometry) {
  Conv conv;
  conv.weight = parameter(weight);
  conv.bias = parameter(bias);
  conv.geometry = geometry;
  return conv;
}

TorchOps::DepthwiseConv TorchOps::make_depthwise_conv(const Parameter& weight, const Parameter& bias) {
  DepthwiseConv conv;
  conv.weight = parameter(weight);
  conv.bias = parameter(bias);
  return conv;
}

TorchOps::Embedding TorchOps::make_embedding(const Parameter& rows) { return {parameter(rows)}; }

at::Tensor TorchOps::on_device(const tensor::Tensor& x, at::Device device) {
  std::vector<std::int64_t> shape;
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis) shape.push_back(x.shape()[axis]);
  // Copied: the block may be reused while libtorch still holds the view.
  return at::from_blob(x.data<float>(), shape, at::kFloat).clone().to(device);
}

tensor::Tensor TorchOps::to_host(const Tensor& x) {
  const at::Tensor values = x.detach().to(at::kCPU, at::kFloat).contiguous();
  const std::vector<std::int64_t> extents(values.sizes().begin(), values.sizes().end());
  tensor::Tensor host{tensor::Shape(extents)};
  std::memcpy(host.data<float>(), values.const_data_ptr<float>(),
              static_cast<std::size_t>(values.numel()) * sizeof(float));
  return host;
}

at::Tensor TorchOps::dropout(const Tensor& x, double rate) const {
  return training_ && rate > 0 ? at::dropout(x, rate, true) : x;
}

at::Tensor TorchOps::indices(const std::vector<std::int64_t>& values) const {
  return at::tensor(at::ArrayRef<std::int64_t>(values), at::kLong).to(options_.device);
}

at::Tensor TorchOps::linear(const Tensor& x, const Linear& p, Activation activation) const {
  at::Tensor y = p.layout == Layout::kOutIn ? at::linear(x, p.weight, p.bias) : at::matmul(x, p.weight);
  if (activation == Activation::kNone) return y;
  return dropout(activate(y, activation), p.dropout);
}

at::Tensor TorchOps::norm_linear(const Tensor& x, const Norm& norm, const Linear& p, Activation activation,
                                 std::string_view) const {
  return linear(layer_norm(x, norm), p, activation);
}

at::Tensor TorchOps::add_linear(const Tensor& residual, const Tensor& x, const Linear& p, float drop_rate,
                                std::string_view) const {
  at::Tensor branch = dropout(linear(x, p, Activation::kNone), p.dropout);
  if (training_ && drop_rate > 0) {
    // Stochastic depth: an image skips the branch, and those that keep it make up for it. Huang et al., ECCV 2016.
    std::vector<std::int64_t> shape(static_cast<std::size_t>(branch.dim()), 1);
    shape[0] = branch.size(0);
    const at::Tensor keep = at::empty(shape, branch.options()).bernoulli_(1.0 - drop_rate);
    branch = branch * (keep / (1.0 - drop_rate));
  }
  return residual + branch;
}

at::Tensor TorchOps::add_mlp(const Tensor& x, const Norm& norm, const Linear& first, const Linear& second,
                             Activation activation, float drop_rate) const {
  return add_linear(x, norm_linear(x, norm, first, activation), second, drop_rate);
}

at::Tensor TorchOps::layer_norm(const Tensor& x, const Norm& p) const {
  return at::layer_norm(x, {x.size(-1)}, p.weight, p.bias, p.epsilon);
}

at::Tensor TorchOps::l2_normalize(const Tensor& x) const {
  const at::Tensor wide = x.to(at::kFloat);
  return wide / wide.norm(2, -1, true);
}

at::Tensor TorchOps::conv(const Tensor& x, const Conv& p) const {
  const at::Tensor y = at::conv2d(channels_first(x), p.weight, p.bias, p.geometry.stride, p.geometry.padding);
  // Under autocast the products are narrow, but the residual stream that starts here stays f32.
  return channels_last(y.to(at::kFloat));
}

at::Tensor TorchOps::add_depthwise_conv3x3(const Tensor& x, const DepthwiseConv& p) const {
  return x + channels_last(at::conv2d(channels_first(x), p.weight, p.bias, 1, 1, 1, x.size(-1)));
}

at::Tensor TorchOps::mean_tokens(const Tensor& x) const { return x.mean(at::IntArrayRef{1, 2}); }

at::Tensor TorchOps::embed_tokens(const TokenBatch& tokens, const Embedding& table, const Embedding& positions) const {
  std::vector<std::int64_t> places;
  for (std::int64_t t = 0; t < tokens.texts(); ++t) {
    const auto text = static_cast<std::size_t>(t);
    for (std::int64_t i = 0; i < tokens.offsets[text + 1] - tokens.offsets[text]; ++i) places.push_back(i);
  }
  const std::vector<std::int64_t> ids(tokens.ids.begin(), tokens.ids.end());
  return at::embedding(table.rows, indices(ids)) + at::embedding(positions.rows, indices(places));
}

at::Tensor TorchOps::take_ends(const Tensor& x, const TokenBatch& tokens) const {
  std::vector<std::int64_t> ends;
  for (std::int64_t t = 0; t < tokens.texts(); ++t) ends.push_back(tokens.end_of(t));
  return x.index_select(0, indices(ends));
}

static_assert(OpSet<TorchOps>);

}  // namespace mi2::ops
