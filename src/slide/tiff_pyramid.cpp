// Pyramidal TIFF and SVS.

#include <algorithm>
#include <utility>

#include "image/tiff_tiles.hpp"
#include "slide/formats.hpp"
#include "slide/tiff_levels.hpp"

namespace mi2::slide {
namespace {

class TiffPyramid final : public Pyramid {
 public:
  TiffPyramid(std::unique_ptr<image::TiffTiles> tiles, TiffLevels levels, std::string_view name)
      : tiles_(std::move(tiles)), places_(std::move(levels.directories)) {
    const image::TiffDirectory& finest = directory(0);
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const image::TiffDirectory& one = directory(i);
      tiles_->check(one);
      const double x = static_cast<double>(finest.width) / one.width;
      const double y = static_cast<double>(finest.height) / one.height;
      levels_.push_back(
          {one.width, one.height, one.block_width, one.block_height, {levels.mpp[0] * x, levels.mpp[1] * y}});
    }
    check_levels(levels_, name);
    icc_profile_ = tiles_->icc_profile(finest);
  }

  [[nodiscard]] std::optional<image::Image> block(std::size_t level, std::uint64_t column,
                                                  std::uint64_t row) const override {
    return tiles_->read(directory(level), column, row);
  }

 private:
  [[nodiscard]] const image::TiffDirectory& directory(std::size_t level) const {
    return tiles_->directories()[places_.at(level)];
  }

  std::unique_ptr<image::TiffTiles> tiles_;
  std::vector<std::size_t> places_;
};

}  // namespace

std::unique_ptr<Pyramid> open_tiff(const File& file, std::string_view name, std::string_view& other) {
  auto tiles = std::make_unique<image::TiffTiles>(file.bytes, name);
  TiffLevels levels = find_tiff_levels(tiles->directories(), name);
  other = levels.other;
  if (levels.directories.empty()) return nullptr;
  return std::make_unique<TiffPyramid>(std::move(tiles), std::move(levels), name);
}

}  // namespace mi2::slide
