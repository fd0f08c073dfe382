#include "models/watching_ops.hpp"

#include <algorithm>
#include <cmath>

namespace mi2::models {

WatchingOps::WatchingOps(const Maker::Options& wide, const std::optional<Maker::Options>& narrow) : engine_(wide) {
  if (narrow) narrow_ = std::make_unique<Maker>(*narrow);
}

WatchingOps::Linear WatchingOps::make_linear(const ops::Parameter& weight, const std::optional<ops::Parameter>& bias,
                                             ops::Layout layout) {
  Linear p{weight.name, engine_.make_linear(weight, bias, layout), {}};
  if (narrow_) p.narrow = narrow_->make_linear(weight, bias, layout);
  return p;
}

WatchingOps::Norm WatchingOps::make_norm(const ops::Parameter& weight, const ops::Parameter& bias, float epsilon) {
  return {weight.name, engine_.make_norm(weight, bias, epsilon)};
}

WatchingOps::Conv WatchingOps::make_conv(const ops::Parameter& weight, const ops::Parameter& bias,
                                         ops::ConvGeometry geometry) {
  Conv p{weight.name, engine_.make_conv(weight, bias, geometry), {}};
  if (narrow_) p.narrow = narrow_->make_conv(weight, bias, geometry);
  return p;
}

WatchingOps::DepthwiseConv WatchingOps::make_depthwise_conv(const ops::Parameter& weight, const ops::Parameter& bias) {
  return engine_.make_depthwise_conv(weight, bias);
}

WatchingOps::Embedding WatchingOps::make_embedding(const ops::Parameter& rows) { return engine_.make_embedding(rows); }

template <typename Layer>
const auto& WatchingOps::chosen(const Layer& layer) const {
  const bool wide = !narrow_ || watch_.losses || watch_.wide.contains(layer.name);
  return wide ? layer.wide : layer.narrow;
}

template <typename Op>
WatchingOps::Tensor WatchingOps::both(const Tensor& x, const Op& op) {
  Tensor y{op(x.x), {}, x.layer, std::nullopt};
  if (x.other) y.other = op(*x.other);
  return y;
}

void WatchingOps::see(const Norm& norm, const std::string& layer, const tensor::Tensor& x) {
  if (watch_.ranges) see_rows(norm.name, layer, engine_.layer_norm(x, norm.norm));
}

void WatchingOps::see_rows(const std::string& norm, const std::string& layer, const tensor::Tensor& rows) {
  const auto width = static_cast<std::size_t>(rows.shape().back());
  NormedRange& range = watch_.seen[layer];
  range.norm = norm;
  range.largest.resize(width, 0.0F);
  for (std::int64_t r = 0; r < rows.shape().rows(); ++r) {
    const float* values = rows.row<float>(r);
    for (std::size_t c = 0; c < width; ++c) range.largest[c] = std::max(range.largest[c], std::abs(values[c]));
  }
}

void WatchingOps::lose(const std::string& layer, const tensor::Tensor& right, const tensor::Tensor& off) {
  double squares = 0;
  double lost = 0;
  for (std::int64_t r = 0; r < right.shape().rows(); ++r) {
    for (std::int64_t c = 0; c < right.shape().back(); ++c) {
      const double value = right.row<float>(r)[c];
      const double difference = off.row<float>(r)[c] - value;
      squares += value * value;
      lost += difference * difference;
    }
  }
  double& largest = watch_.lost[layer];
  largest = std::max(largest, squares > 0 ? std::sqrt(lost / squares) : 0.0);
}

WatchingOps::Tensor WatchingOps::linear(const Tensor& x, const Linear& p, ops::Activation activation) {
  return plain(engine_.linear(x.x, chosen(p), activation));
}

WatchingOps::Tensor WatchingOps::norm_linear(const Tensor& x, const Norm& norm, const Linear& p,
                                             ops::Activation activation, std::string_view name) {
  see(norm, p.name, x.x);
  Tensor y = plain(engine_.norm_linear(x.x, norm.norm, chosen(p), activation, name));
  if (!watch_.losses) return y;
  y.layer = p.name;
  y.other = engine_.norm_linear(x.x, norm.norm, p.narrow, activation, name);
  return y;
}

WatchingOps::Tensor WatchingOps::add_linear(const Tensor& residual, const Tensor& x, const Linear& p, float drop_rate,
                                            std::string_view name) {
  Tensor y = plain(engine_.add_linear(residual.x, x.x, chosen(p), drop_rate, name));
  if (!watch_.losses) return y;
  if (x.other) lose(x.layer, y.x, engine_.add_linear(residual.x, *x.other, p.wide, drop_rate, name));
  lose(p.name, y.x, engine_.add_linear(residual.x, x.x, p.narrow, drop_rate, name));
  return y;
}

WatchingOps::Tensor WatchingOps::add_mlp(const Tensor& x, const Norm& norm, const Linear& first, const Linear& second,
                                         ops::Activation activation, float drop_rate) {
  see(norm, first.name, x.x);
  const auto with = [&](const Maker::Linear& one, const Maker::Linear& two) {
    return engine_.add_mlp(x.x, norm.norm, one, two, activation, drop_rate);
  };
  Tensor y = plain(with(chosen(first), chosen(second)));
  if (!watch_.losses) return y;
  lose(first.name, y.x, with(first.narrow, second.wide));
  lose(second.name, y.x, with(first.wide, second.narrow));
  return y;
}

WatchingOps::Tensor WatchingOps::layer_norm(const Tensor& x, const Norm& p) {
  return {engine_.layer_norm(x.x, p.norm), p.name, {}, {}};
}

WatchingOps::Tensor WatchingOps::conv(const Tensor& x, const Conv& p) {
  if (watch_.ranges && !x.norm.empty()) see_rows(x.norm, p.name, x.x);
  Tensor y = plain(engine_.conv(x.x, chosen(p)));
  if (watch_.losses) lose(p.name, y.x, engine_.conv(x.x, p.narrow));
  return y;
}

WatchingOps::Tensor WatchingOps::norm_window_attention(const Tensor& x, const Norm& norm, const Linear& projection,
                                                       int heads, int window, std::string_view name) {
  const Tensor qkv = norm_linear(x, norm, projection, ops::Activation::kNone, name);
  return both(qkv, [&](const tensor::Tensor& part) {
    return engine_.window_attention(part, projection.wide, heads, window);  // of which it needs the bias alone
  });
}

WatchingOps::Tensor WatchingOps::channel_attention(const Tensor& qkv, int groups) {
  return both(qkv, [&](const tensor::Tensor& x) { return engine_.channel_attention(x, groups); });
}

WatchingOps::Tensor WatchingOps::self_attention(const Tensor& qkv, const ops::TokenBatch& tokens, int heads) {
  return both(qkv, [&](const tensor::Tensor& x) { return engine_.self_attention(x, tokens, heads); });
}

}  // namespace mi2::models
