#include "ops/cpu/matmul/row_source.hpp"

#include <algorithm>

namespace mi2::ops::cpu {

void PlainRows::fill(std::int64_t first, std::int64_t count, std::int64_t k0, std::int64_t k1, const float*,
                     float* out) const {
  const auto size = size_of(x_.dtype());
  for (std::int64_t r = 0; r < count; ++r) {
    const std::byte* row = x_.data<std::byte>() + ((first + r) * width() + k0) * size;
    convert_to_f32(x_.dtype(), row, out + r * (k1 - k0), static_cast<std::size_t>(k1 - k0));
  }
}

void NormedRows::prepare(std::int64_t first, std::int64_t count, float* state) const {
  for (std::int64_t r = 0; r < count; ++r) {
    kernels_.moments(x_.data<float>() + (first + r) * width(), width(), epsilon_, state + 2 * r, state + 2 * r + 1);
  }
}

void NormedRows::fill(std::int64_t first, std::int64_t count, std::int64_t k0, std::int64_t k1, const float* state,
                      float* out) const {
  for (std::int64_t r = 0; r < count; ++r) {
    kernels_.normalize(x_.data<float>() + (first + r) * width() + k0, k1 - k0, state[2 * r], state[2 * r + 1],
                       weight_ + k0, bias_ + k0, out + r * (k1 - k0));
  }
}

std::int64_t PatchRows::rows() const {
  return x_.shape()[0] * geometry_.out(x_.shape()[1]) * geometry_.out(x_.shape()[2]);
}

std::int64_t PatchRows::width() const { return geometry_.kernel * geometry_.kernel * x_.shape()[3]; }

void PatchRows::fill(std::int64_t first, std::int64_t count, std::int64_t k0, std::int64_t k1, const float*,
                     float* out) const {
  const std::int64_t height = x_.shape()[1];
  const std::int64_t columns = x_.shape()[2];
  const std::int64_t channels = x_.shape()[3];
  const std::int64_t out_width = geometry_.out(columns);
  const std::int64_t per_image = geometry_.out(height) * out_width;
  for (std::int64_t row = first; row < first + count; ++row) {
    const std::int64_t image = row / per_image;
    const std::int64_t top = row % per_image / out_width * geometry_.stride - geometry_.padding;
    const std::int64_t left = row % out_width * geometry_.stride - geometry_.padding;
    for (std::int64_t k = k0; k < k1;) {
      const std::int64_t tap = k / channels;
      const std::int64_t c = k % channels;
      const std::int64_t run = std::min(channels - c, k1 - k);
      const std::int64_t y = top + tap / geometry_.kernel;
      const std::int64_t x = left + tap % geometry_.kernel;
      if (y < 0 || y >= height || x < 0 || x >= columns) {
        std::fill_n(out, run, 0.0F);
      } else {
        std::copy_n(x_.data<float>() + ((image * height + y) * columns + x) * channels + c, run, out);
      }
      out += run;
      k += run;
    }
  }
}

}  // namespace mi2::ops::cpu
