#pragma once
// Where on a slide tissue is: Otsu's threshold on saturation at low power.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "slide/pyramid.hpp"

namespace mi2::slide {

/// How far from grey a colour is, 0 to 255: HSV's saturation; 0 of what is nearly black.
std::uint8_t saturation(std::uint8_t red, std::uint8_t green, std::uint8_t blue) noexcept;

/// Otsu's threshold: values above it are the second class. 0 of an empty histogram.
unsigned otsu(const std::array<std::uint64_t, 256>& histogram) noexcept;

/// The slide as cells that have tissue or not. A cell is a part of a block, so that each block is decoded once.
class TissueMask {
 public:
  /// Looks at the finest level of at most 4 million pixels, or at the coarsest, block by block.
  /// @throws as Pyramid::read(); Error{kTooLarge} if the level's blocks are so small that cells are too many.
  TissueMask(const Pyramid& pyramid, std::string_view name);

  /// The part of the cells under a part of a level that have tissue, 0 to 1. @param level  of the part.
  [[nodiscard]] double in(const Level& level, const Rectangle& part) const noexcept;
  [[nodiscard]] unsigned threshold() const noexcept { return threshold_; }

 private:
  /// Cells along one side of the level.
  struct Side {
    std::uint64_t size = 0;   ///< pixels of the level
    std::uint64_t block = 1;  ///< pixels
    std::uint64_t cell = 1;   ///< pixels; the last of a block has fewer
    [[nodiscard]] std::uint64_t per_block() const noexcept { return (block - 1) / cell + 1; }
    [[nodiscard]] std::uint64_t cells() const noexcept { return ((size - 1) / block + 1) * per_block(); }
    [[nodiscard]] std::uint64_t cell_of(std::uint64_t pixel) const noexcept {
      return pixel / block * per_block() + pixel % block / cell;
    }
  };

  void look_at(const image::Image& block, std::uint64_t column, std::uint64_t row);

  Side x_;
  Side y_;
  std::vector<std::uint8_t> saturations_;  ///< of the cells, row by row
  std::array<std::uint64_t, 256> histogram_{};
  unsigned threshold_ = 0;
};

}  // namespace mi2::slide
