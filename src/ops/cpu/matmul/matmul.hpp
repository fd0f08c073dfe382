#pragma once
// Products with a weight matrix that is prepared once. Two engines: our own kernels, and oneDNN.

#include <cstdint>
#include <memory>

#include "base/thread_pool.hpp"
#include "ops/cpu/isa.hpp"
#include "ops/cpu/matmul/packed_weights.hpp"
#include "ops/cpu/matmul/row_source.hpp"

namespace mi2::ops::cpu {

/// Where the result goes: [rows, out] in `dtype`.
struct Destination {
  void* data = nullptr;
  std::int64_t stride = 0;  ///< elements from row to row
  tensor::DType dtype = tensor::DType::kF32;
  bool accumulate = false;  ///< add to what is there; f32 only
  Activation activation = Activation::kNone;
};

class MatMul {
 public:
  virtual ~MatMul() = default;
  /// destination (+)= a W^T + bias, then the activation.
  virtual void multiply(base::ThreadPool& pool, const RowSource& a, const Destination& destination) const = 0;
  [[nodiscard]] virtual const float* bias() const noexcept = 0;  ///< [out], zeros if the layer has none

  [[nodiscard]] std::int64_t in() const noexcept { return in_; }
  [[nodiscard]] std::int64_t out() const noexcept { return out_; }

 protected:
  MatMul(std::int64_t in, std::int64_t out) : in_(in), out_(out) {}

 private:
  std::int64_t in_;
  std::int64_t out_;
};

/// @throws Error{kUnsupported} if `kernels` have no product with weights of that format.
std::unique_ptr<MatMul> make_native_matmul(const Kernels& kernels, PackedWeights weights);

/// @returns null if oneDNN has no such product on this machine.
std::unique_ptr<MatMul> make_onednn_matmul(const Kernels& kernels, tensor::DType dtype, const WeightRows& weight,
                                           const std::vector<float>& bias);

/// Rows and columns of the pieces that `threads` threads take turns at.
struct Split {
  std::int64_t rows_each = 0;
  std::int64_t columns_each = 0;
};
/// Even pieces of at most a block's rows, as many as a multiple of the threads; few rows are split by columns as well.
Split split_product(std::int64_t rows, std::int64_t columns, unsigned threads, const Blocking& blocking,
                    std::int64_t column_multiple);

}  // namespace mi2::ops::cpu
