#pragma once
// A slide of one level, made of a function.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "slide/pyramid.hpp"

namespace mi2::slide::testing {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};

class FakePyramid final : public Pyramid {
 public:
  using At = std::function<Colour(std::uint64_t x, std::uint64_t y)>;

  FakePyramid(std::vector<Level> levels, At at) : at_(std::move(at)) { levels_ = std::move(levels); }

  /// Blocks that are decoded, of all levels.
  mutable std::vector<std::array<std::uint64_t, 2>> read_blocks;
  std::function<bool(std::uint64_t column, std::uint64_t row)> missing;

  void set_profile(std::vector<std::byte> profile) { icc_profile_ = std::move(profile); }
  void warn(const std::string& warning) { warnings_.push_back(warning); }

  [[nodiscard]] std::optional<image::Image> block(std::size_t level, std::uint64_t column,
                                                  std::uint64_t row) const override {
    if (missing && missing(column, row)) return std::nullopt;
    read_blocks.push_back({column, row});
    const Level& of = levels_[level];
    image::Image image;
    image.mode = image::Mode::kRgb;
    image.width = static_cast<int>(of.block_width);
    image.height = static_cast<int>(of.block_height);
    // What is asked of a level is a colour of the finest.
    const std::uint64_t scale = levels_[0].width / of.width;
    for (std::uint64_t y = 0; y < of.block_height; ++y) {
      for (std::uint64_t x = 0; x < of.block_width; ++x) {
        const Colour c = at_((column * of.block_width + x) * scale, (row * of.block_height + y) * scale);
        image.samples.insert(image.samples.end(), {c.red, c.green, c.blue});
      }
    }
    return image;
  }

 private:
  At at_;
};

}  // namespace mi2::slide::testing
