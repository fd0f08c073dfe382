// Matrix products, norms and element-wise ops of the oracle.

#include <cmath>

#include "ops/reference/reference_ops.hpp"

namespace mi2::ops {
namespace {

double activate(double x, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0)));
    case Activation::kQuickGelu:
      return x / (1.0 + std::exp(-1.702 * x));
  }
  return x;
}

}  // namespace

ReferenceOps::Linear ReferenceOps::make_linear(const Parameter& weight, const std::optional<Parameter>& bias,
                                               Layout layout) {
  Linear p;
  p.out = weight.shape[layout == Layout::kOutIn ? 0 : 1];
  p.in = weight.shape[layout == Layout::kOutIn ? 1 : 0];
  p.weight = weight.to_floats();
  if (layout == Layout::kInOut) {
    const std::vector<float> stored = std::move(p.weight);
    p.weight.resize(stored.size());
    for (std::int64_t n = 0; n < p.out; ++n) {
      for (std::int64_t k = 0; k < p.in; ++k) p.weight[n * p.in + k] = stored[k * p.out + n];
    }
  }
  if (bias) p.bias = bias->to_floats();
  return p;
}

ReferenceOps::Norm ReferenceOps::make_norm(const Parameter& weight, const Parameter& bias, float epsilon) {
  return {weight.to_floats(), bias.to_floats(), epsilon};
}

mi2::tensor::Tensor ReferenceOps::linear(const tensor::Tensor& x, const Linear& p, Activation activation) {
  tensor::Tensor y(x.shape().with_back(p.out));
  const float* in = x.data<float>();
  float* out = y.data<float>();
  for (std::int64_t row = 0; row < x.shape().rows(); ++row) {
    for (std::int64_t n = 0; n < p.out; ++n) {
      double sum = p.bias.empty() ? 0.0 : p.bias[n];
      for (std::int64_t k = 0; k < p.in; ++k) {
        sum += static_cast<double>(in[row * p.in + k]) * p.weight[n * p.in + k];
      }
      out[row * p.out + n] = static_cast<float>(activate(sum, activation));
    }
  }
  return y;
}

mi2::tensor::Tensor ReferenceOps::norm_linear(const tensor::Tensor& x, const Norm& norm, const Linear& p,
                                              Activation activation, std::string_view) {
  return linear(layer_norm(x, norm), p, activation);
}

mi2::tensor::Tensor ReferenceOps::add_linear(const tensor::Tensor& residual, const tensor::Tensor& x, const Linear& p,
                                             float, std::string_view) {
  tensor::Tensor y = linear(x, p, Activation::kNone);
  for (std::int64_t i = 0; i < y.shape().count(); ++i) y.data<float>()[i] += residual.data<float>()[i];
  return y;
}

mi2::tensor::Tensor ReferenceOps::add_mlp(const tensor::Tensor& x, const Norm& norm, const Linear& first,
                                          const Linear& second, Activation activation, float drop_rate) {
  return add_linear(x, norm_linear(x, norm, first, activation), second, drop_rate);
}

mi2::tensor::Tensor ReferenceOps::layer_norm(const tensor::Tensor& x, const Norm& p) {
  tensor::Tensor y(x.shape());
  const std::int64_t width = x.shape().back();
  for (std::int64_t row = 0; row < x.shape().rows(); ++row) {
    const float* in = x.data<float>() + row * width;
    float* out = y.data<float>() + row * width;
    double mean = 0;
    for (std::int64_t c = 0; c < width; ++c) mean += in[c];
    mean /= static_cast<double>(width);
    double variance = 0;
    for (std::int64_t c = 0; c < width; ++c) variance += (in[c] - mean) * (in[c] - mean);
    variance /= static_cast<double>(width);
    const double scale = 1.0 / std::sqrt(variance + p.epsilon);
    for (std::int64_t c = 0; c < width; ++c) {
      out[c] = static_cast<float>((in[c] - mean) * scale * p.weight[c] + p.bias[c]);
    }
  }
  return y;
}

mi2::tensor::Tensor ReferenceOps::l2_normalize(const tensor::Tensor& x) {
  tensor::Tensor y(x.shape());
  const std::int64_t width = x.shape().back();
  for (std::int64_t row = 0; row < x.shape().rows(); ++row) {
    const float* in = x.data<float>() + row * width;
    double squares = 0;
    for (std::int64_t c = 0; c < width; ++c) squares += static_cast<double>(in[c]) * in[c];
    const double scale = 1.0 / std::sqrt(squares);
    for (std::int64_t c = 0; c < width; ++c) y.data<float>()[row * width + c] = static_cast<float>(in[c] * scale);
  }
  return y;
}

mi2::tensor::Tensor ReferenceOps::mean_tokens(const tensor::Tensor& x) {
  const std::int64_t images = x.shape()[0];
  const std::int64_t tokens = x.shape()[1] * x.shape()[2];
  const std::int64_t width = x.shape()[3];
  tensor::Tensor y({images, width});
  for (std::int64_t b = 0; b < images; ++b) {
    for (std::int64_t c = 0; c < width; ++c) {
      double sum = 0;
      for (std::int64_t t = 0; t < tokens; ++t) sum += x.data<float>()[(b * tokens + t) * width + c];
      y.data<float>()[b * width + c] = static_cast<float>(sum / static_cast<double>(tokens));
    }
  }
  return y;
}

ReferenceOps::Embedding ReferenceOps::make_embedding(const Parameter& rows) {
  return {rows.shape.back(), rows.to_floats()};
}

mi2::tensor::Tensor ReferenceOps::embed_tokens(const TokenBatch& tokens, const Embedding& table,
                                               const Embedding& positions) {
  tensor::Tensor y({static_cast<std::int64_t>(tokens.ids.size()), table.width});
  for (std::int64_t t = 0; t < tokens.texts(); ++t) {
    for (std::int64_t row = tokens.offsets[t]; row < tokens.offsets[t + 1]; ++row) {
      for (std::int64_t c = 0; c < table.width; ++c) {
        y.data<float>()[row * table.width + c] =
            table.rows[tokens.ids[row] * table.width + c] + positions.rows[(row - tokens.offsets[t]) * table.width + c];
      }
    }
  }
  return y;
}

mi2::tensor::Tensor ReferenceOps::take_ends(const tensor::Tensor& x, const TokenBatch& tokens) {
  const std::int64_t width = x.shape().back();
  tensor::Tensor y({tokens.texts(), width});
  for (std::int64_t t = 0; t < tokens.texts(); ++t) {
    for (std::int64_t c = 0; c < width; ++c) {
      y.data<float>()[t * width + c] = x.data<float>()[tokens.end_of(t) * width + c];
    }
  }
  return y;
}

}  // namespace mi2::ops
