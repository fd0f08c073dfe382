// DICOM whole slides: an object per level.

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicom/slide.hpp"
#include "slide/formats.hpp"

namespace mi2::slide {
namespace {

class DicomPyramid final : public Pyramid {
 public:
  DicomPyramid(std::vector<dicom::SlideObject> objects, std::string_view name)
      : objects_(std::move(objects)), name_(name) {
    std::stable_sort(objects_.begin(), objects_.end(),
                     [](const auto& a, const auto& b) { return a.head.width > b.head.width; });
    for (const dicom::SlideObject& object : objects_) {
      levels_.push_back({object.head.width, object.head.height, object.tile_width, object.tile_height, object.mpp});
      for (const std::string& warning : object.warnings) image::add_warning(warnings_, warning);
    }
    check_levels(levels_, name);
    icc_profile_ = objects_.front().icc_profile;
  }

  [[nodiscard]] std::optional<image::Image> block(std::size_t level, std::uint64_t column,
                                                  std::uint64_t row) const override {
    const dicom::SlideObject& object = objects_.at(level);
    const std::optional<std::uint64_t> frame = object.places.at(column, row);
    if (!frame) return std::nullopt;
    image::Image image = object.frames->read(*frame);
    const Level& of = levels_[level];
    const bool fits = static_cast<std::uint64_t>(image.width) == of.block_width &&
                      static_cast<std::uint64_t>(image.height) == of.block_height;
    if (fits) return image;
    // Sides that the object has the wrong way round are mended in an image, but would tear a slide apart.
    throw Error(Code::kBadFile, fmt::format("{}: a tile of {} x {} pixels where the slide says {} x {}", name_,
                                            image.width, image.height, of.block_width, of.block_height));
  }

 private:
  std::vector<dicom::SlideObject> objects_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Pyramid> open_dicom(std::span<const File> files, const Options& options, std::string_view name) {
  std::vector<dicom::SlideObject> objects;
  dicom::Options limits;
  limits.max_pixels = options.max_pixels;
  for (const File& file : files) {
    dicom::SlideObject object = dicom::open_slide(file.bytes, limits, name);
    if (!object.head.is_level()) {
      throw Error(Code::kUnsupported,
                  fmt::format("{}: the {} of a slide, which has no tiles of it; without --level, --mpp and --tiles it "
                              "is read as an image",
                              name, object.head.flavour));
    }
    objects.push_back(std::move(object));
  }
  return std::make_unique<DicomPyramid>(std::move(objects), name);
}

}  // namespace mi2::slide
