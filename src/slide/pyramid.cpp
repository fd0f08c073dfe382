#include "slide/pyramid.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::slide {
namespace {

/// Copies what a block and a part of its level have in common. Both are in pixels of the level.
void copy_common(const image::Image& block, const Rectangle& of_block, const Rectangle& part, const Level& level,
                 image::Image& out) {
  const std::uint64_t left = std::max(of_block.x, part.x);
  const std::uint64_t top = std::max(of_block.y, part.y);
  const std::uint64_t right = std::min({of_block.x + of_block.width, part.x + part.width, level.width});
  const std::uint64_t bottom = std::min({of_block.y + of_block.height, part.y + part.height, level.height});
  const bool grey = block.mode == image::Mode::kGrey;
  for (std::uint64_t y = top; y < bottom; ++y) {
    const std::uint8_t* from =
        block.samples.data() + ((y - of_block.y) * of_block.width + left - of_block.x) * (grey ? 1 : 3);
    std::uint8_t* to = out.samples.data() + ((y - part.y) * part.width + left - part.x) * 3;
    if (!grey) {
      if (left < right) std::copy_n(from, (right - left) * 3, to);
      continue;
    }
    for (std::uint64_t x = left; x < right; ++x, ++from, to += 3) std::fill_n(to, 3, *from);
  }
}

}  // namespace

image::Image Pyramid::read(std::size_t level, const Rectangle& part) const {
  const Level& of = levels_.at(level);
  image::Image out;
  out.mode = image::Mode::kRgb;
  out.width = static_cast<int>(part.width);
  out.height = static_cast<int>(part.height);
  out.samples.assign(part.width * part.height * 3, std::uint8_t{255});
  const std::uint64_t right = std::min(part.x + part.width, of.width);
  const std::uint64_t bottom = std::min(part.y + part.height, of.height);
  for (std::uint64_t row = part.y / of.block_height; row * of.block_height < bottom; ++row) {
    for (std::uint64_t column = part.x / of.block_width; column * of.block_width < right; ++column) {
      const std::optional<image::Image> one = block(level, column, row);
      if (!one) continue;
      for (const std::string& warning : one->warnings) image::add_warning(out.warnings, warning);
      copy_common(*one, {column * of.block_width, row * of.block_height, of.block_width, of.block_height}, part, of,
                  out);
    }
  }
  return out;
}

bool same_shape(const Level& finest, const Level& level) noexcept {
  // A level may be cut to whole pixels, or padded to whole blocks of a level above.
  constexpr double kApart = 0.02;
  constexpr double kPixels = 2;
  const double x = static_cast<double>(finest.width) / static_cast<double>(level.width);
  const double y = static_cast<double>(finest.height) / static_cast<double>(level.height);
  const double scale = std::max(x, y);
  const double width = static_cast<double>(finest.width) / scale;
  const double height = static_cast<double>(finest.height) / scale;
  return std::abs(width - static_cast<double>(level.width)) <= kPixels + kApart * width &&
         std::abs(height - static_cast<double>(level.height)) <= kPixels + kApart * height;
}

void check_levels(const std::vector<Level>& levels, std::string_view name) {
  for (std::size_t i = 1; i < levels.size(); ++i) {
    const Level& before = levels[i - 1];
    const bool smaller = levels[i].width <= before.width && levels[i].height <= before.height &&
                         (levels[i].width < before.width || levels[i].height < before.height);
    if (smaller && same_shape(levels[0], levels[i])) continue;
    throw Error(Code::kBadFile,
                fmt::format("{}: expected levels that get smaller and keep their shape, got {} x {} after {} x {}",
                            name, levels[i].width, levels[i].height, before.width, before.height));
  }
}

}  // namespace mi2::slide
