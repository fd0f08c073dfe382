#include "ops/torch/torch_ops.hpp"

#include <array>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::ops {
namespace {

/// @param over  whether x, which nobody else holds, may be written over.
at::Tensor activate(at::Tensor x, Activation activation, bool over) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return over ? at::gelu_(x, "none") : at::gelu(x, "none");
    case Activation::kQuickGelu:
      return over ? x.mul_((x * 1.702).sigmoid_()) : x * at::sigmoid(x * 1.702);
  }
  throw Error(Code::kInternal, "torch ops: an activation without a formula");
}

/// Whether nobody but the holder of this handle sees x's numbers.
bool only_holder(const at::Tensor& x) { return x.use_count() == 1 && x.storage().use_count() == 1; }

/// [B, H, W, C] as libtorch's [B, C, H, W], without moving a number.
at::Tensor channels_first(const at::Tensor& x) { return x.permute({0, 3, 1, 2}); }
at::Tensor channels_last(const at::Tensor& x) { return x.permute({0, 2, 3, 1}).contiguous(); }

}  // namespace

at::Tensor TorchOps::parameter(const Parameter& stored, at::ScalarType frozen) {
  std::vector<std::int64_t> shape;
  for (std::size_t axis = 0; axis < stored.shape.rank(); ++axis) shape.push_back(stored.shape[axis]);
  const std::vector<float> values = stored.to_floats();
  at::Tensor value = at::empty(shape, at::kFloat);
  std::memcpy(value.mutable_data_ptr<float>(), values.data(), values.size() * sizeof(float));
  if (options_.frozen) return value.to(options_.device, frozen);
  value = value.to(options_.device);
  value.requires_grad_(true);
  parameters_.push_back({stored.name, value});
  return value;
}

TorchOps::Linear TorchOps::make_linear(const Parameter& weight, const std::optional<Parameter>& bias, Layout layout) {
  Linear linear;
  linear.weight = parameter(weight, product_type());
  if (options_.low_rank && layout == Layout::kOutIn) {
    if (const std::optional<LowRank> addition = options_.low_rank(weight)) {
      linear.a = parameter(addition->a);
      linear.b = parameter(addition->b);
      linear.scale = addition->scale;
    }
  }
  if (bias) linear.bias = parameter(*bias, product_type());
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
  conv.weight = parameter(weight, product_type());
  conv.bias = parameter(bias, product_type());
  if (options_.frozen) conv.weight = conv.weight.contiguous(at::MemoryFormat::ChannelsLast);
  conv.geometry = geometry;
  return conv;
}

TorchOps::DepthwiseConv TorchOps::make_depthwise_conv(const Parameter& weight, const Parameter& bias) {
  DepthwiseConv conv;
  conv.weight = parameter(weight);
  conv.bias = parameter(bias);
  // The residual is the convolution by a kernel of a single one: x + conv(x) becomes one pass over the tokens.
  if (options_.frozen) conv.weight.select(2, 1).select(2, 1).add_(1);
  return conv;
}

TorchOps::Embedding TorchOps::make_embedding(const Parameter& rows) { return {parameter(rows)}; }

at::Tensor TorchOps::on_device(const tensor::Tensor& x, at::Device device) {
  std::vector<std::int64_t> shape;
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis) shape.push_back(x.shape()[axis]);
  return on_device(x.data<float>(), shape, device);
}

at::Tensor TorchOps::on_device(const float* x, at::IntArrayRef shape, at::Device device) {
  // Copied: the block may be reused while libtorch still holds the view. From pinned memory the copy to a GPU goes on
  // while this thread is at work on what comes next.
  const at::Tensor view = at::from_blob(const_cast<float*>(x), shape, at::kFloat);
  if (device.is_cpu()) return view.clone();
  return at::empty(shape, at::TensorOptions(at::kFloat).pinned_memory(true)).copy_(view).to(device, at::kFloat, true);
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

/// x [.., K] -> [.., N], in one product with its bias.
at::Tensor TorchOps::product(const Tensor& x, const Linear& p) const {
  std::vector<std::int64_t> shape(x.sizes().begin(), x.sizes().end());
  at::Tensor rows = x.reshape({-1, shape.back()});
  if (options_.frozen) rows = rows.to(*options_.frozen);
  const at::Tensor weight = p.layout == Layout::kOutIn ? p.weight.t() : p.weight;
  shape.back() = weight.size(1);
  at::Tensor y = p.bias.defined() ? at::addmm(p.bias, rows, weight) : at::mm(rows, weight);
  if (p.a.defined()) y = at::addmm(y, at::mm(rows, p.a.t()), p.b.t(), 1, p.scale);
  return y.view(shape);
}

at::Tensor TorchOps::linear(const Tensor& x, const Linear& p, Activation activation) const {
  at::Tensor y = product(x, p);
  if (activation == Activation::kNone) return y;
  return dropout(activate(std::move(y), activation, options_.frozen.has_value()), p.dropout);
}

at::Tensor TorchOps::norm_linear(const Tensor& x, const Norm& norm, const Linear& p, Activation activation,
                                 std::string_view) const {
  return linear(layer_norm(x, norm), p, activation);
}

at::Tensor TorchOps::add_linear(Tensor residual, const Tensor& x, const Linear& p, float drop_rate,
                                std::string_view) const {
  if (options_.frozen) {
    const at::Tensor y = product(x, p);
    return only_holder(residual) ? residual.add_(y) : residual + y;
  }
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

at::Tensor TorchOps::add_mlp(Tensor x, const Norm& norm, const Linear& first, const Linear& second,
                             Activation activation, float drop_rate) const {
  const at::Tensor hidden = norm_linear(x, norm, first, activation);
  return add_linear(std::move(x), hidden, second, drop_rate);
}

at::Tensor TorchOps::layer_norm(const Tensor& x, const Norm& p) const {
  return at::layer_norm(x, {x.size(-1)}, p.weight, p.bias, p.epsilon);
}

at::Tensor TorchOps::l2_normalize(const Tensor& x) const {
  const at::Tensor wide = x.to(at::kFloat);
  return wide / wide.norm(2, -1, true);
}

at::Tensor TorchOps::conv(const Tensor& x, const Conv& p) const {
  const at::Tensor input = options_.frozen ? x.to(*options_.frozen) : x;
  const at::Tensor y = at::conv2d(channels_first(input), p.weight, p.bias, p.geometry.stride, p.geometry.padding);
  // The products may be narrow, but the residual stream that starts here stays f32.
  return channels_last(y.to(at::kFloat));
}

at::Tensor TorchOps::add_depthwise_conv3x3(const Tensor& x, const DepthwiseConv& p) const {
  const at::Tensor y = channels_last(at::conv2d(channels_first(x), p.weight, p.bias, 1, 1, 1, x.size(-1)));
  return options_.frozen ? y : x + y;
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

std::shared_ptr<const torch_ops::TextLayout> TorchOps::layout_of(const TokenBatch& tokens) const {
  const std::lock_guard lock(layout_turn_);
  if (!layout_ || layout_->offsets != tokens.offsets) {
    layout_ = std::make_shared<const torch_ops::TextLayout>(torch_ops::lay_out(tokens, options_.device));
  }
  return layout_;
}

at::Tensor TorchOps::take_ends(const Tensor& x, const TokenBatch& tokens) const {
  std::vector<std::int64_t> ends;
  for (std::int64_t t = 0; t < tokens.texts(); ++t) ends.push_back(tokens.end_of(t));
  return x.index_select(0, indices(ends));
}

static_assert(OpSet<TorchOps>);

}  // namespace mi2::ops
