#pragma once
// The product on our own kernels. A block of rows is written in the form the kernel multiplies and stays in the second
// level of the cache while the panels of weights stream past it (docs/engine.md, "Products").

#include <cstddef>
#include <cstdint>

#include "ops/cpu/matmul/matmul.hpp"

namespace mi2::ops::cpu {

class NativeMatMul : public MatMul {
 public:
  /// A block of rows as the kernel reads them, and what goes with it.
  struct Block {
    std::byte* left;
    float* row_scale;
    std::int32_t* row_zero;
    float* space;         ///< one row in f32
    std::uint8_t* bytes;  ///< one row, quantised
    float* sums;          ///< of tiles
  };

  /// Some rows of a block by some panels over some of the depth.
  struct Pass {
    std::int64_t rows;
    std::int64_t panel;
    std::int64_t last_panel;
    std::int64_t chunk;
    std::int64_t last_chunk;
  };

  /// The left side of a pass, from its first chunk on, and where its first row goes: [rows, out] in the columns of all
  /// panels.
  struct Ends {
    const std::byte* left;
    std::int64_t left_stride;  ///< bytes
    Destination out;
  };

  NativeMatMul(const Kernels& kernels, PackedWeights weights);

  [[nodiscard]] const float* bias() const noexcept override { return weights_.bias(); }
  void multiply(base::ThreadPool& pool, const RowSource& a, const Destination& destination) const override;

  [[nodiscard]] const ProductKernel& kernel() const noexcept { return kernel_; }
  [[nodiscard]] const PackedLayout& layout() const noexcept { return weights_.layout(); }
  [[nodiscard]] std::int64_t row_bytes() const noexcept { return row_bytes_; }

  [[nodiscard]] std::size_t block_bytes() const;
  /// A block in `memory` of block_bytes().
  [[nodiscard]] Block block_at(std::byte* memory) const;
  /// Rows [first, first + count) of `a`, in the form the kernel multiplies. What is beyond the width meets weights of
  /// zero, so it may be anything but a NaN.
  void fill(const RowSource& a, std::int64_t first, std::int64_t count, const Block& block) const;

  /// Depth in pieces, so that what a block of rows has in one stays in the cache: only where the pieces can be added in
  /// the destination. Pieces are rounded apart, so they are those of a full block, however few rows there are: what a
  /// row's neighbours are must not show in its bits.
  [[nodiscard]] std::int64_t chunks_a_pass(const Destination& destination) const;
  void multiply_pass(const Block& block, const Pass& pass, const Ends& ends) const;

 private:
  void multiply_block(const RowSource& a, std::int64_t row, std::int64_t rows, std::int64_t panel,
                      std::int64_t last_panel, const Destination& destination) const;
  void split_row(const float* from, std::byte* to) const;

  const Kernels& kernels_;
  const ProductKernel& kernel_;
  PackedWeights weights_;
  std::int64_t row_bytes_;
};

}  // namespace mi2::ops::cpu
