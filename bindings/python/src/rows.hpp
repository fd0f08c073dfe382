#pragma once
// Vectors on their way to one NumPy array.

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <mi2/matrix.hpp>

namespace mi2::python {

/// Grows row by row; whoever takes the numbers owns them, without a copy.
class Rows {
 public:
  explicit Rows(std::size_t dimensions) : dimensions_(dimensions) {}

  void reserve(std::size_t rows) { numbers_.reserve(rows * dimensions_); }
  void append(std::span<const float> row) { numbers_.insert(numbers_.end(), row.begin(), row.end()); }
  void append_missing() { numbers_.resize(numbers_.size() + dimensions_, std::numeric_limits<float>::quiet_NaN()); }

  [[nodiscard]] std::size_t size() const noexcept { return numbers_.size() / dimensions_; }
  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  [[nodiscard]] std::vector<float> take() noexcept { return std::exchange(numbers_, {}); }

 private:
  std::size_t dimensions_;
  std::vector<float> numbers_;
};

}  // namespace mi2::python
