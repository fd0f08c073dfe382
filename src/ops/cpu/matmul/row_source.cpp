#include "ops/cpu/matmul/row_source.hpp"

#include <algorithm>

namespace mi2::ops::cpu {

const void* PlainRows::in_memory(tensor::DType dtype, std::int64_t r) const {
  if (dtype != x_.dtype()) return nullptr;
  return x_.data<std::byte>() + r * x_.row_stride() * static_cast<std::int64_t>(size_of(dtype));
}

const float* PlainRows::row(std::int64_t r, float* space) const {
  if (x_.dtype() == tensor::DType::kF32) return x_.row<float>(r);
  kernels_.to_f32(x_.row<tensor::BFloat16>(r), width(), space);
  return space;
}

const float* NormedRows::row(std::int64_t r, float* space) const {
  const float* from = x_.row<float>(r);
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
  const std::int64_t from = std::clamp<std::int64_t>(-left, 0, geometry_.kernel);
  const std::int64_t to = std::clamp<std::int64_t>(columns - left, from, geometry_.kernel);
  float* out = space;
  for (std::int64_t y = top; y < top + geometry_.kernel; ++y) {
    if (y < 0 || y >= height) {
      out = std::fill_n(out, geometry_.kernel * channels, 0.0F);
      continue;
    }
    out = std::fill_n(out, from * channels, 0.0F);
    const std::int64_t pixel = (image * height + y) * columns + left;
    for (std::int64_t i = from; i < to; ++i) out = std::copy_n(x_.row<float>(pixel + i), channels, out);
    out = std::fill_n(out, (geometry_.kernel - to) * channels, 0.0F);
  }
  return space;
}

}  // namespace mi2::ops::cpu
