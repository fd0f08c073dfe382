#pragma once
// Vectors of images and texts.

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace mi2 {

/// Vectors of one length, one per row, in one block of memory: [rows, dimensions] row by row, no padding.
class EmbeddingMatrix {
 public:
  EmbeddingMatrix() = default;
  /// All zero.
  EmbeddingMatrix(std::size_t rows, std::size_t dimensions)
      : rows_(rows), dimensions_(dimensions), numbers_(rows * dimensions) {}
  /// @param numbers  whole rows of `dimensions`, which is 0 only if there are none.
  EmbeddingMatrix(std::vector<float> numbers, std::size_t dimensions)
      : rows_(dimensions == 0 ? 0 : numbers.size() / dimensions),
        dimensions_(dimensions),
        numbers_(std::move(numbers)) {}

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  [[nodiscard]] bool empty() const noexcept { return rows_ == 0; }

  /// @param i  less than rows().
  [[nodiscard]] std::span<const float> row(std::size_t i) const noexcept {
    return {numbers_.data() + i * dimensions_, dimensions_};
  }
  [[nodiscard]] std::span<float> row(std::size_t i) noexcept {
    return {numbers_.data() + i * dimensions_, dimensions_};
  }

  /// @param row  of dimensions() numbers; of any number if the matrix was made without them.
  void append(std::span<const float> row) {
    if (dimensions_ == 0) dimensions_ = row.size();
    numbers_.insert(numbers_.end(), row.begin(), row.end());
    ++rows_;
  }

  /// rows() * dimensions() numbers.
  [[nodiscard]] const float* data() const noexcept { return numbers_.data(); }
  [[nodiscard]] float* data() noexcept { return numbers_.data(); }
  /// All of them.
  [[nodiscard]] std::span<const float> numbers() const noexcept { return numbers_; }

  friend bool operator==(const EmbeddingMatrix&, const EmbeddingMatrix&) = default;

 private:
  std::size_t rows_ = 0;
  std::size_t dimensions_ = 0;
  std::vector<float> numbers_;
};

}  // namespace mi2
