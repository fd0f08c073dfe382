#pragma once
// Products with a weight matrix that is prepared once. Two engines: our own kernels (native) where the processor has
// AVX2 or less, oneDNN where it has AVX-512 or AMX.

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/thread_pool.hpp"
#include "ops/cpu/isa.hpp"
#include "ops/cpu/matmul/row_source.hpp"

namespace mi2::ops::cpu {

/// Where the result goes: [rows, out] in `dtype`, dense.
struct Destination {
  void* data = nullptr;
  DType dtype = DType::kF32;
  bool accumulate = false;  ///< add to what is there; f32 only
  Activation activation = Activation::kNone;
};

class MatMul {
 public:
  virtual ~MatMul() = default;
  /// destination (+)= a W^T + bias, then the activation.
  virtual void multiply(ThreadPool& pool, const RowSource& a, const Destination& destination) const = 0;
  [[nodiscard]] virtual std::size_t bytes() const = 0;

  [[nodiscard]] std::int64_t in() const noexcept { return in_; }
  [[nodiscard]] std::int64_t out() const noexcept { return out_; }
  [[nodiscard]] const float* bias() const noexcept { return bias_.empty() ? nullptr : bias_.data(); }

 protected:
  MatMul(std::int64_t in, std::int64_t out, std::vector<float> bias) : in_(in), out_(out), bias_(std::move(bias)) {}

 private:
  std::int64_t in_;
  std::int64_t out_;
  std::vector<float> bias_;
};

/// A weight matrix on its way into a MatMul: rows(n, count, to) writes f32 rows [count, in] of outputs n, n + 1, ..
/// A row at a time, so that the f32 original is never whole in memory.
struct WeightRows {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::function<void(std::int64_t first, std::int64_t count, float* to)> rows;
};

/// @param weight  its rows() is called from the pool's threads.
std::unique_ptr<MatMul> make_native_matmul(const Kernels& kernels, ThreadPool& pool, DType dtype,
                                           const WeightRows& weight, std::vector<float> bias);

/// @returns null if oneDNN has no such product on this machine.
std::unique_ptr<MatMul> make_onednn_matmul(const Kernels& kernels, DType dtype, const WeightRows& weight,
                                           const std::vector<float>& bias);

/// Rows and columns of the pieces that `threads` threads take turns at.
struct Split {
  std::int64_t rows_each = 0;
  std::int64_t columns_each = 0;
};
/// Even pieces of at most `block` rows, as many as a multiple of the threads; few rows are split by columns as well.
Split split_product(std::int64_t rows, std::int64_t columns, unsigned threads, std::int64_t block,
                    std::int64_t column_multiple);

}  // namespace mi2::ops::cpu
