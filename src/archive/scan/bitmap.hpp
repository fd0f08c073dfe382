#pragma once
// A bit per row.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mi2::archive::scan {

class Bitmap {
 public:
  Bitmap() = default;
  /// Of `size` rows, all with the same bit.
  explicit Bitmap(std::size_t size, bool value = false)
      : size_(size), words_((size + 63) / 64, value ? ~std::uint64_t{0} : 0) {
    if (value && size % 64 != 0) words_.back() >>= 64 - size % 64;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// @param row  below size().
  void set(std::size_t row) noexcept { words_[row / 64] |= std::uint64_t{1} << row % 64; }
  void reset(std::size_t row) noexcept { words_[row / 64] &= ~(std::uint64_t{1} << row % 64); }
  [[nodiscard]] bool test(std::size_t row) const noexcept { return (words_[row / 64] >> row % 64 & 1) != 0; }
  /// Rows whose bit is set.
  [[nodiscard]] std::size_t count() const noexcept {
    std::size_t set = 0;
    for (const std::uint64_t word : words_) set += static_cast<std::size_t>(std::popcount(word));
    return set;
  }
  /// The bits of rows [first, first + 64), the first in the lowest bit; zeros past the end.
  [[nodiscard]] std::uint64_t bits_from(std::size_t first) const noexcept {
    const std::size_t shift = first % 64;
    return shift == 0 ? word(first / 64) : word(first / 64) >> shift | word(first / 64 + 1) << (64 - shift);
  }

 private:
  [[nodiscard]] std::uint64_t word(std::size_t i) const noexcept { return i < words_.size() ? words_[i] : 0; }

  std::size_t size_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace mi2::archive::scan
