// Convolutions of the oracle.

#include "ops/reference/reference_ops.hpp"

namespace mi2::ops {

ReferenceOps::Conv ReferenceOps::make_conv(const Parameter& weight, const Parameter& bias, ConvGeometry geometry) {
  return {geometry, weight.shape[1], weight.shape[0], weight.to_floats(), bias.to_floats()};
}

ReferenceOps::DepthwiseConv ReferenceOps::make_depthwise_conv(const Parameter& weight, const Parameter& bias) {
  return {weight.to_floats(), bias.to_floats()};
}

mi2::tensor::Tensor ReferenceOps::conv(const tensor::Tensor& x, const Conv& p) {
  const std::int64_t images = x.shape()[0];
  const std::int64_t height = x.shape()[1];
  const std::int64_t width = x.shape()[2];
  const ConvGeometry& g = p.geometry;
  tensor::Tensor y({images, g.out(height), g.out(width), p.out});
  float* out = y.data<float>();
  for (std::int64_t b = 0; b < images; ++b) {
    for (std::int64_t oy = 0; oy < g.out(height); ++oy) {
      for (std::int64_t ox = 0; ox < g.out(width); ++ox) {
        for (std::int64_t n = 0; n < p.out; ++n) {
          double sum = p.bias[n];
          for (std::int64_t ky = 0; ky < g.kernel; ++ky) {
            for (std::int64_t kx = 0; kx < g.kernel; ++kx) {
              const std::int64_t iy = oy * g.stride - g.padding + ky;
              const std::int64_t ix = ox * g.stride - g.padding + kx;
              if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
              for (std::int64_t c = 0; c < p.in; ++c) {
                sum += static_cast<double>(x.data<float>()[((b * height + iy) * width + ix) * p.in + c]) *
                       p.weight[((n * p.in + c) * g.kernel + ky) * g.kernel + kx];
              }
            }
          }
          *out++ = static_cast<float>(sum);
        }
      }
    }
  }
  return y;
}

mi2::tensor::Tensor ReferenceOps::add_depthwise_conv3x3(const tensor::Tensor& x, const DepthwiseConv& p) {
  tensor::Tensor y(x.shape());
  const std::int64_t height = x.shape()[1];
  const std::int64_t width = x.shape()[2];
  const std::int64_t channels = x.shape()[3];
  for (std::int64_t b = 0; b < x.shape()[0]; ++b) {
    const auto at = [&](std::int64_t row, std::int64_t column, std::int64_t c) {
      return ((b * height + row) * width + column) * channels + c;
    };
    for (std::int64_t oy = 0; oy < height; ++oy) {
      for (std::int64_t ox = 0; ox < width; ++ox) {
        for (std::int64_t c = 0; c < channels; ++c) {
          double sum = p.bias[c] + static_cast<double>(x.data<float>()[at(oy, ox, c)]);
          for (std::int64_t ky = 0; ky < 3; ++ky) {
            for (std::int64_t kx = 0; kx < 3; ++kx) {
              const std::int64_t iy = oy + ky - 1;
              const std::int64_t ix = ox + kx - 1;
              if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
              sum += static_cast<double>(x.data<float>()[at(iy, ix, c)]) * p.weight[(c * 3 + ky) * 3 + kx];
            }
          }
          y.data<float>()[at(oy, ox, c)] = static_cast<float>(sum);
        }
      }
    }
  }
  return y;
}

}  // namespace mi2::ops
