#pragma once
// Where a matrix product gets its left side from: rows in memory, rows under a norm, patches of an image. A source
// writes a row just before it is used, so that neither normalised rows nor patches are ever whole in memory.

#include <cstdint>

#include "ops/cpu/kernels/kernels.hpp"
#include "ops/op_set.hpp"

namespace mi2::ops::cpu {

class RowSource {
 public:
  virtual ~RowSource() = default;
  [[nodiscard]] virtual std::int64_t rows() const = 0;
  [[nodiscard]] virtual std::int64_t width() const = 0;
  /// Row `r` as it lies in memory, if it lies there as `dtype`; else null, for every row.
  [[nodiscard]] virtual const void* in_memory(tensor::DType dtype, std::int64_t r) const = 0;
  /// Row `r` as f32 [width]: where it lies, or `space`, filled.
  virtual const float* row(std::int64_t r, float* space) const = 0;
  /// Row `r`, rounded; `space`: [width].
  virtual void write_bf16(std::int64_t r, float* space, tensor::BFloat16* to) const = 0;
};

/// A tensor's rows as they are, f32 or bf16.
class PlainRows : public RowSource {
 public:
  PlainRows(const Kernels& kernels, const tensor::Tensor& x) : kernels_(kernels), x_(x) {}
  [[nodiscard]] std::int64_t rows() const override { return x_.shape().rows(); }
  [[nodiscard]] std::int64_t width() const override { return x_.shape().back(); }
  [[nodiscard]] const void* in_memory(tensor::DType dtype, std::int64_t r) const override;
  const float* row(std::int64_t r, float* space) const override;
  void write_bf16(std::int64_t r, float* space, tensor::BFloat16* to) const override;

 private:
  const Kernels& kernels_;
  const tensor::Tensor& x_;
};

/// f32 rows under a LayerNorm.
class NormedRows : public RowSource {
 public:
  NormedRows(const Kernels& kernels, const tensor::Tensor& x, const float* weight, const float* bias, float epsilon)
      : kernels_(kernels), x_(x), weight_(weight), bias_(bias), epsilon_(epsilon) {}
  [[nodiscard]] std::int64_t rows() const override { return x_.shape().rows(); }
  [[nodiscard]] std::int64_t width() const override { return x_.shape().back(); }
  [[nodiscard]] const void* in_memory(tensor::DType, std::int64_t) const override { return nullptr; }
  const float* row(std::int64_t r, float* space) const override;
  void write_bf16(std::int64_t r, float* space, tensor::BFloat16* to) const override;

 private:
  struct Moments {
    float mean = 0;
    float rstd = 0;
  };
  [[nodiscard]] Moments moments(std::int64_t r) const;

  const Kernels& kernels_;
  const tensor::Tensor& x_;
  const float* weight_;
  const float* bias_;
  float epsilon_;
};

/// The patches a convolution looks at: f32 x [B, H, W, C], a row per output pixel, columns (ky, kx, c).
class PatchRows : public RowSource {
 public:
  PatchRows(const Kernels& kernels, const tensor::Tensor& x, const ConvGeometry& geometry)
      : kernels_(kernels), x_(x), geometry_(geometry) {}
  [[nodiscard]] std::int64_t rows() const override;
  [[nodiscard]] std::int64_t width() const override;
  [[nodiscard]] const void* in_memory(tensor::DType, std::int64_t) const override { return nullptr; }
  const float* row(std::int64_t r, float* space) const override;
  void write_bf16(std::int64_t r, float* space, tensor::BFloat16* to) const override;

 private:
  /// Calls put(pixel or null, column) for every pixel of the patch, in order; null outside the image.
  template <typename Put>
  void each_pixel(std::int64_t r, const Put& put) const;

  const Kernels& kernels_;
  const tensor::Tensor& x_;
  const ConvGeometry& geometry_;
};

}  // namespace mi2::ops::cpu
