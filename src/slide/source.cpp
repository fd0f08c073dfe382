// Tiles as frames.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/readers.hpp"
#include "slide/icc.hpp"
#include "slide/level_choice.hpp"
#include "slide/tiled_source.hpp"
#include "slide/tissue.hpp"

namespace mi2::slide {
namespace {

/// Of a tile's cells, so many have tissue at least.
constexpr double kLeastTissue = 0.1;

class TiledSource final : public Tiles {
 public:
  TiledSource(std::unique_ptr<Pyramid> pyramid, const Options& options, std::string_view name)
      : pyramid_(std::move(pyramid)),
        name_(name),
        claim_(options.claim),
        choice_(choose_level(pyramid_->levels(), options.choice, options.tile_width, options.tile_height, name)),
        level_(pyramid_->levels()[choice_.level]),
        tile_width_(options.tile_width),
        columns_((level_.width - 1) / choice_.width + 1),
        rows_((level_.height - 1) / choice_.height + 1),
        to_srgb_(pyramid_->icc_profile()) {
    image::DecodeOptions limits;
    limits.max_pixels = options.max_pixels;
    image::check_size(choice_.width, choice_.height, limits, name);
    if (columns_ > kMaxTiles || rows_ > kMaxTiles / columns_) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: {} x {} tiles, the limit is {}; choose a coarser --level or a larger "
                              "--mpp",
                              name_, columns_, rows_, kMaxTiles));
    }
    if (options.choice.tiles == SlideOptions::Tiles::kTissue) find_tissue();
  }

  [[nodiscard]] std::uint64_t frames() const override { return all_ ? columns_ * rows_ : chosen_.size(); }
  [[nodiscard]] std::uint64_t middle() const override { return frames() / 2; }

  [[nodiscard]] std::uint64_t all() const noexcept override { return columns_ * rows_; }
  [[nodiscard]] std::uint64_t number(std::uint64_t frame) const override {
    image::check_frame(frame, frames(), name_);
    return tile(frame);
  }
  [[nodiscard]] std::array<std::uint64_t, 2> read_size() const noexcept override {
    return {choice_.width, choice_.height};
  }

  [[nodiscard]] image::FrameInfo info(std::uint64_t index) const override {
    image::check_frame(index, frames(), name_);
    const Rectangle part = part_of(tile(index));
    const Level& finest = pyramid_->levels().front();
    const std::array<double, 2> scale = {static_cast<double>(finest.width) / static_cast<double>(level_.width),
                                         static_cast<double>(finest.height) / static_cast<double>(level_.height)};
    const auto scaled = [](std::uint64_t pixels, double by) {
      return static_cast<std::uint64_t>(std::llround(static_cast<double>(pixels) * by));
    };
    TilePlace place;
    place.level = static_cast<unsigned>(choice_.level);
    place.x = scaled(part.x, scale[0]);
    place.y = scaled(part.y, scale[1]);
    place.width = scaled(part.width, scale[0]);
    place.height = scaled(part.height, scale[1]);
    place.mpp = level_.mpp[0] * static_cast<double>(choice_.width) / static_cast<double>(tile_width_);
    image::FrameInfo info;
    info.index = index;
    info.frames = frames();
    info.tile = place;
    return info;
  }

  [[nodiscard]] image::Image read(std::uint64_t index) const override {
    image::check_frame(index, frames(), name_);
    if (claim_) claim_(choice_.width * choice_.height);
    image::Image image = pyramid_->read(choice_.level, part_of(tile(index)));
    for (const std::string& warning : pyramid_->warnings()) image::add_warning(image.warnings, warning);
    if (!to_srgb_.doubt().empty()) image::add_warning(image.warnings, to_srgb_.doubt());
    to_srgb_(image.samples);
    return image;
  }

 private:
  [[nodiscard]] std::uint64_t tile(std::uint64_t index) const { return all_ ? index : chosen_[index]; }

  /// Whole, though the last of a row or a column reaches over the slide.
  [[nodiscard]] Rectangle part_of(std::uint64_t tile) const noexcept {
    return {tile % columns_ * choice_.width, tile / columns_ * choice_.height, choice_.width, choice_.height};
  }

  void find_tissue() {
    all_ = false;
    const TissueMask mask(*pyramid_, name_);
    for (std::uint64_t i = 0; i < columns_ * rows_; ++i) {
      if (mask.in(level_, part_of(i)) >= kLeastTissue) chosen_.push_back(static_cast<std::uint32_t>(i));
    }
    if (!chosen_.empty()) return;
    throw Error(Code::kUnsupported,
                fmt::format("{}: no tile has tissue by the colour of the slide; --tiles all takes every tile", name_));
  }

  std::unique_ptr<Pyramid> pyramid_;
  std::string name_;
  std::function<void(std::uint64_t pixels)> claim_;
  LevelChoice choice_;
  Level level_;
  std::uint64_t tile_width_;
  std::uint64_t columns_;
  std::uint64_t rows_;
  ToSrgb to_srgb_;
  bool all_ = true;
  std::vector<std::uint32_t> chosen_;  ///< tiles, by row and column
};

}  // namespace

std::unique_ptr<Tiles> tiles_of(std::unique_ptr<Pyramid> pyramid, const Options& options, std::string_view name) {
  return std::make_unique<TiledSource>(std::move(pyramid), options, name);
}

}  // namespace mi2::slide
