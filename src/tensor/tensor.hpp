#pragma once
// A tensor is a shape, an element type and a shared handle on a block of memory. No maths here.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include "tensor/dtype.hpp"

namespace mi2::tensor {

/// Up to four extents, outermost first.
class Shape {
 public:
  static constexpr std::size_t kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}
  /// @throws Error{kBadArgument} for more than four extents or a negative one.
  explicit Shape(std::span<const std::int64_t> extents);

  [[nodiscard]] std::size_t rank() const noexcept { return rank_; }
  [[nodiscard]] std::int64_t operator[](std::size_t axis) const noexcept { return extents_[axis]; }
  /// Extent of the innermost axis.
  [[nodiscard]] std::int64_t back() const noexcept { return rank_ == 0 ? 1 : extents_[rank_ - 1]; }
  [[nodiscard]] std::int64_t count() const noexcept;
  /// Number of innermost rows: count() / back().
  [[nodiscard]] std::int64_t rows() const noexcept { return back() == 0 ? 0 : count() / back(); }
  /// This shape with another innermost extent.
  [[nodiscard]] Shape with_back(std::int64_t extent) const;
  [[nodiscard]] std::string to_string() const;  ///< "[2, 30, 30, 1024]"
  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<std::int64_t, kMaxRank> extents_{};
  std::size_t rank_ = 0;
};

/// Hands out 64-byte-aligned blocks and keeps returned ones for reuse, so that a forward pass allocates nothing once
/// it has run. Must outlive nothing: blocks keep their pool's store alive. Safe to use from several threads.
class Pool {
 public:
  Pool();
  /// @throws Error{kTooLarge} if the system has no such memory.
  std::shared_ptr<std::byte> take(std::size_t bytes);
  /// Gives the memory of blocks not in use back to the system.
  void trim();

 private:
  struct Store;
  std::shared_ptr<Store> store_;
};

/// Innermost axis contiguous; dense, unless made by spaced(). Copies share the block.
class Tensor {
 public:
  Tensor() = default;
  /// Uninitialised elements from `pool`.
  Tensor(Pool& pool, const Shape& shape, DType dtype = DType::kF32);
  /// Uninitialised elements from the process's own pool.
  explicit Tensor(const Shape& shape, DType dtype = DType::kF32);
  /// A read-only view of memory from elsewhere, aligned to 64 bytes: unique() is never true, so that no op writes to
  /// it.
  Tensor(const Shape& shape, DType dtype, std::shared_ptr<const std::byte> block);
  /// Uninitialised elements whose rows are not a large power of two apart: such rows share a few sets of the caches,
  /// and a product that writes a few columns of all rows has its lines evicted before it is done (docs/engine.md).
  static Tensor spaced(const Shape& shape, DType dtype = DType::kF32);

  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  [[nodiscard]] DType dtype() const noexcept { return dtype_; }
  [[nodiscard]] bool empty() const noexcept { return !block_; }
  /// Whether no other tensor shares the block, so that it may be overwritten.
  [[nodiscard]] bool unique() const noexcept { return !read_only_ && block_.use_count() == 1; }
  /// The memory itself, which lives as long as the handle.
  [[nodiscard]] std::shared_ptr<const std::byte> block() const noexcept { return block_; }
  /// Elements from the start of a row to that of the next.
  [[nodiscard]] std::int64_t row_stride() const noexcept { return row_stride_; }
  [[nodiscard]] bool dense() const noexcept { return row_stride_ == shape_.back(); }
  /// The same block under another shape of the same count; of the same innermost extent if it is not dense.
  [[nodiscard]] Tensor reshaped(const Shape& shape) const;

  template <typename T>
  [[nodiscard]] T* data() const noexcept {
    return reinterpret_cast<T*>(block_.get());
  }
  template <typename T>
  [[nodiscard]] T* row(std::int64_t r) const noexcept {
    return data<T>() + r * row_stride_;
  }
  /// All elements. @throws Error{kInternal} if they are not dense.
  [[nodiscard]] std::span<float> floats() const;

 private:
  Shape shape_;
  std::int64_t row_stride_ = 1;
  DType dtype_ = DType::kF32;
  bool read_only_ = false;
  std::shared_ptr<std::byte> block_;
};

}  // namespace mi2::tensor
