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

void PlainRows::write_bf16(std::int64_t r, float* space, tensor::BFloat16* to) const {
  if (x_.dtype() == tensor::DType::kBF16) {
    std::copy_n(x_.row<tensor::BFloat16>(r), width(), to);
  } else {
    kernels_.to_bf16(row(r, space), width(), to);
  }
}

NormedRows::Moments NormedRows::moments(std::int64_t r) const {
  // Two rows ahead: one is read in less time than memory takes to answer.
  const float* next = x_.row<float>(std::min(r + 2, rows() - 1));
  Moments m;
  kernels_.moments(x_.row<float>(r), width(), next, epsilon_, &m.mean, &m.rstd);
  return m;
}

const float* NormedRows::row(std::int64_t r, float* space) const {
  const Moments m = moments(r);
  kernels_.normalize(x_.row<float>(r), width(), m.mean, m.rstd, weight_, bias_, space);
  return space;
}

void NormedRows::write_bf16(std::int64_t r, float*, tensor::BFloat16* to) const {
  const Moments m = moments(r);
  kernels_.normalize_bf16(x_.row<float>(r), width(), m.mean, m.rstd, weight_, bias_, to);
}

std::int64_t PatchRows::rows() const {
  return x_.shape()[0] * geometry_.out(x_.shape()[1]) * geometry_.out(x_.shape()[2]);
}

std::int64_t PatchRows::width() const { return geometry_.kernel * geometry_.kernel * x_.shape()[3]; }

template <typename Put>
void PatchRows::each_pixel(std::int64_t r, const Put& put) const {
  const std::int64_t height = x_.shape()[1];
  const std::int64_t columns = x_.shape()[2];
  const std::int64_t channels = x_.shape()[3];
  const std::int64_t out_width = geometry_.out(columns);
  const std::int64_t per_image = geometry_.out(height) * out_width;
  const std::int64_t image = r / per_image;
  const std::int64_t top = r % per_image / out_width * geometry_.stride - geometry_.padding;
  const std::int64_t left = r % out_width * geometry_.stride - geometry_.padding;
  std::int64_t column = 0;
  for (std::int64_t y = top; y < top + geometry_.kernel; ++y) {
    for (std::int64_t x = left; x < left + geometry_.kernel; ++x, column += channels) {
      const bool inside = y >= 0 && y < height && x >= 0 && x < columns;
      put(inside ? x_.row<float>((image * height + y) * columns + x) : nullptr, column);
    }
  }
}

const float* PatchRows::row(std::int64_t r, float* space) const {
  const std::int64_t channels = x_.shape()[3];
  each_pixel(r, [&](const float* pixel, std::int64_t column) {
    if (pixel == nullptr) {
      std::fill_n(space + column, channels, 0.0F);
    } else {
      std::copy_n(pixel, channels, space + column);
    }
  });
  return space;
}

void PatchRows::write_bf16(std::int64_t r, float* space, tensor::BFloat16* to) const {
  const std::int64_t channels = x_.shape()[3];
  if (channels % kPanel != 0) {  // short runs: better rounded as one
    kernels_.to_bf16(row(r, space), width(), to);
    return;
  }
  each_pixel(r, [&](const float* pixel, std::int64_t column) {
    if (pixel == nullptr) {
      std::fill_n(to + column, channels, tensor::BFloat16());
    } else {
      kernels_.to_bf16(pixel, channels, to + column);
    }
  });
}

}  // namespace mi2::ops::cpu
