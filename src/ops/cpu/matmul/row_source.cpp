#include "ops/cpu/matmul/row_source.hpp"

#include <algorithm>

namespace mi2::ops::cpu {

const float* PlainRows::row(std::int64_t r, float* space) const {
  if (x_.dtype() == tensor::DType::kF32) return x_.data<float>() + r * width();
  kernels_.to_f32(x_.data<tensor::BFloat16>() + r * width(), width(), space);
  return space;
}

const float* NormedRows::row(std::int64_t r, float* space) const {
  const float* from = x_.data<float>() + r * width();
  float mean = 0;
  float rstd = 0;
  kernels_.moments(from, width(), epsilon_, &mean, &rstd);
  kernels_.normalize(from, width(), mean, rstd, weight_, bias_, space);
  return space;
}

std::int64_t PatchRows::rows() const {
  return x_.shape()[0] * geometry_.out(x_.shape()[1]) * geometry_.out(x_.shape()[2]);
}

std::int64_t PatchRows::width() const { return geometry_.kernel * geometry_.kernel * x_.shape()[3]; }

const float* PatchRows::row(std::int64_t r, float* space) const {
  const std::int64_t height = x_.shape()[1];
  const std::int64_t columns = x_.shape()[2];
  const std::int64_t channels = x_.shape()[3];
  const std::int64_t out_width = geometry_.out(columns);
  const std::int64_t per_image = geometry_.out(height) * out_width;
  const std::int64_t image = r / per_image;
  const std::int64_t top = r % per_image / out_width * geometry_.stride - geometry_.padding;
  const std::int64_t left = r % out_width * geometry_.stride - geometry_.padding;
  // The pixels of one line of the patch that lie inside the image are one run.
  const std::int64_t from = std::clamp<std::int64_t>(-left, 0, geometry_.kernel);
  const std::int64_t to = std::clamp<std::int64_t>(columns - left, from, geometry_.kernel);
  float* out = space;
  for (std::int64_t y = top; y < top + geometry_.kernel; ++y) {
    if (y < 0 || y >= height) {
      out = std::fill_n(out, geometry_.kernel * channels, 0.0F);
      continue;
    }
    out = std::fill_n(out, from * channels, 0.0F);
    out = std::copy_n(x_.data<float>() + ((image * height + y) * columns + left + from) * channels,
                      (to - from) * channels, out);
    out = std::fill_n(out, (geometry_.kernel - to) * channels, 0.0F);
  }
  return space;
}

}  // namespace mi2::ops::cpu
