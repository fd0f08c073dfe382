// Matrix products, convolutions and row ops of the engine.

#include <algorithm>
#include <cmath>

#include "ops/cpu/cpu_ops.hpp"
#include "ops/cpu/matmul/mlp.hpp"

namespace mi2::ops {
namespace {

using cpu::OpTimer;

/// Multiplications and additions of a product.
double flop(std::int64_t rows, const cpu::MatMul& product) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(product.in()) * static_cast<double>(product.out());
}

void copy_rows(const mi2::tensor::Tensor& from, mi2::tensor::Tensor& to) {
  for (std::int64_t r = 0; r < from.shape().rows(); ++r) {
    std::copy_n(from.row<float>(r), from.shape().back(), to.row<float>(r));
  }
}

/// `x`, or a copy of it if others hold it too.
mi2::tensor::Tensor own(mi2::tensor::Tensor x) {
  if (x.unique()) return x;
  mi2::tensor::Tensor copy = mi2::tensor::Tensor::spaced(x.shape());
  copy_rows(x, copy);
  return copy;
}

cpu::Destination added_to(const mi2::tensor::Tensor& residual) {
  return {residual.data<std::byte>(), residual.row_stride(), residual.dtype(), true, Activation::kNone};
}

}  // namespace

mi2::tensor::Tensor CpuOps::multiply(const cpu::RowSource& rows, const cpu::MatMul& product, tensor::Tensor y,
                                     Activation activation) {
  product.multiply(*pool_, rows, {y.data<std::byte>(), y.row_stride(), y.dtype(), false, activation});
  return y;
}

mi2::tensor::Tensor CpuOps::to_host(const tensor::Tensor& x) {
  if (x.dense()) return x;
  tensor::Tensor y(x.shape());
  copy_rows(x, y);
  return y;
}

mi2::tensor::Tensor CpuOps::linear(const tensor::Tensor& x, const Linear& p, Activation activation) {
  const OpTimer timer(profile_, "linear", flop(x.shape().rows(), *p.product));
  // Dense: it leaves the model.
  return multiply(cpu::PlainRows(kernels_, x), *p.product, tensor::Tensor(x.shape().with_back(p.product->out())),
                  activation);
}

mi2::tensor::Tensor CpuOps::norm_linear(const tensor::Tensor& x, const Norm& norm, const Linear& p,
                                        Activation activation, std::string_view name) {
  const OpTimer timer(profile_, "norm_linear", flop(x.shape().rows(), *p.product), name);
  const cpu::NormedRows rows(kernels_, x, norm.weight.data(), norm.bias.data(), norm.epsilon);
  return multiply(rows, *p.product, tensor::Tensor::spaced(x.shape().with_back(p.product->out()), activations_),
                  activation);
}

mi2::tensor::Tensor CpuOps::add_linear(tensor::Tensor residual, const tensor::Tensor& x, const Linear& p, float,
                                       std::string_view name) {
  const OpTimer timer(profile_, "add_linear", flop(x.shape().rows(), *p.product), name);
  residual = own(std::move(residual));
  p.product->multiply(*pool_, cpu::PlainRows(kernels_, x), added_to(residual));
  return residual;
}

mi2::tensor::Tensor CpuOps::add_mlp(tensor::Tensor x, const Norm& norm, const Linear& first, const Linear& second,
                                    Activation activation, float drop_rate) {
  const std::int64_t rows = x.shape().rows();
  if (activations_ != tensor::DType::kBF16 || !cpu::fuses(rows, pool_->size(), *first.product, *second.product)) {
    tensor::Tensor hidden = norm_linear(x, norm, first, activation, "fc1");
    return add_linear(std::move(x), hidden, second, drop_rate, "fc2");
  }
  const OpTimer timer(profile_, "add_mlp", flop(rows, *first.product) + flop(rows, *second.product));
  x = own(std::move(x));
  const cpu::NormedRows normed(kernels_, x, norm.weight.data(), norm.bias.data(), norm.epsilon);
  cpu::add_mlp(*pool_, normed, *first.product, *second.product, activation, added_to(x));
  return x;
}

mi2::tensor::Tensor CpuOps::l2_normalize(const tensor::Tensor& x) {
  tensor::Tensor y(x.shape());
  const std::int64_t width = x.shape().back();
  for (std::int64_t r = 0; r < x.shape().rows(); ++r) {
    const float* in = x.row<float>(r);
    float* out = y.row<float>(r);
    double squares = 0;
    for (std::int64_t c = 0; c < width; ++c) squares += static_cast<double>(in[c]) * in[c];
    const double scale = 1.0 / std::sqrt(squares);
    for (std::int64_t c = 0; c < width; ++c) out[c] = static_cast<float>(in[c] * scale);
  }
  return y;
}

mi2::tensor::Tensor CpuOps::conv(const tensor::Tensor& x, const Conv& p) {
  const cpu::PatchRows rows(kernels_, x, p.geometry);
  const OpTimer timer(profile_, "conv", flop(rows.rows(), *p.product));
  const tensor::Shape shape{x.shape()[0], p.geometry.out(x.shape()[1]), p.geometry.out(x.shape()[2]), p.product->out()};
  return multiply(rows, *p.product, tensor::Tensor::spaced(shape), Activation::kNone);
}

mi2::tensor::Tensor CpuOps::add_depthwise_conv3x3(const tensor::Tensor& x, const DepthwiseConv& p) {
  const std::int64_t height = x.shape()[1];
  const std::int64_t width = x.shape()[2];
  const OpTimer timer(profile_, "depthwise", 18.0 * static_cast<double>(x.shape().count()));
  tensor::Tensor y = tensor::Tensor::spaced(x.shape());
  pool_->run(static_cast<std::size_t>(x.shape()[0] * height), [&](std::size_t task) {
    const auto line = static_cast<std::int64_t>(task);
    const float* rows[3] = {line % height > 0 ? x.row<float>((line - 1) * width) : nullptr, x.row<float>(line * width),
                            line % height + 1 < height ? x.row<float>((line + 1) * width) : nullptr};
    kernels_.depthwise_row({rows, width, x.row_stride(), x.shape()[3], p.weight.data(), p.bias.data(),
                            y.row<float>(line * width), y.row_stride()});
  });
  return y;
}

mi2::tensor::Tensor CpuOps::mean_tokens(const tensor::Tensor& x) {
  const std::int64_t tokens = x.shape()[1] * x.shape()[2];
  const std::int64_t width = x.shape()[3];
  tensor::Tensor y({x.shape()[0], width});
  std::vector<double> sums(static_cast<std::size_t>(width));
  for (std::int64_t b = 0; b < x.shape()[0]; ++b) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::int64_t t = 0; t < tokens; ++t) {
      const float* row = x.row<float>(b * tokens + t);
      for (std::int64_t c = 0; c < width; ++c) sums[c] += row[c];
    }
    for (std::int64_t c = 0; c < width; ++c) {
      y.data<float>()[b * width + c] = static_cast<float>(sums[c] / static_cast<double>(tokens));
    }
  }
  return y;
}

mi2::tensor::Tensor CpuOps::embed_tokens(const TokenBatch& tokens, const Embedding& table, const Embedding& positions) {
  const OpTimer timer(profile_, "embed_tokens");
  const std::int64_t width = table.rows.shape().back();
  const std::size_t row_bytes = static_cast<std::size_t>(width) * size_of(table.rows.dtype());
  tensor::Tensor y = tensor::Tensor::spaced({static_cast<std::int64_t>(tokens.ids.size()), width});
  std::vector<float> position(static_cast<std::size_t>(width));
  for (std::int64_t t = 0; t < tokens.texts(); ++t) {
    for (std::int64_t row = tokens.offsets[t]; row < tokens.offsets[t + 1]; ++row) {
      float* out = y.row<float>(row);
      tensor::convert_to_f32(table.rows.dtype(), table.rows.data<std::byte>() + tokens.ids[row] * row_bytes, out,
                             position.size());
      tensor::convert_to_f32(positions.rows.dtype(),
                             positions.rows.data<std::byte>() + (row - tokens.offsets[t]) * row_bytes, position.data(),
                             position.size());
      for (std::int64_t c = 0; c < width; ++c) out[c] += position[c];
    }
  }
  return y;
}

mi2::tensor::Tensor CpuOps::take_ends(const tensor::Tensor& x, const TokenBatch& tokens) {
  const std::int64_t width = x.shape().back();
  tensor::Tensor y({tokens.texts(), width});
  for (std::int64_t t = 0; t < tokens.texts(); ++t) {
    std::copy_n(x.row<float>(tokens.end_of(t)), width, y.row<float>(t));
  }
  return y;
}

}  // namespace mi2::ops
