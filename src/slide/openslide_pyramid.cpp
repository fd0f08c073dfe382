// Slides of the formats that OpenSlide knows.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/readers.hpp"
#include "slide/formats.hpp"
#include "slide/openslide_library.hpp"

namespace mi2::slide {
namespace {

constexpr std::uint64_t kBlock = 512;  ///< pixels: OpenSlide reads any part, and keeps what it decoded for the next
constexpr std::uint64_t kMostSide = 1ULL << 31U;
constexpr std::int64_t kMaxProfile = 16 << 20;

struct CloseSlide {
  const OpenSlideLibrary* library;
  void operator()(OpenSlideFile* file) const noexcept { library->close(file); }
};
using Slide = std::unique_ptr<OpenSlideFile, CloseSlide>;

class OpenSlidePyramid final : public Pyramid {
 public:
  OpenSlidePyramid(const OpenSlideLibrary& library, Slide slide, std::string_view name)
      : library_(library), slide_(std::move(slide)), name_(name) {
    const std::int32_t count = library_.get_level_count(slide_.get());
    std::array<double, 2> mpp = {property("openslide.mpp-x"), property("openslide.mpp-y")};
    constexpr double kMostUm = 1e6;
    const auto fits = [](double um) { return um > 0 && um < kMostUm; };
    if (!fits(mpp[0]) || !fits(mpp[1])) mpp = {};
    for (std::int32_t i = 0; i < count; ++i) {
      std::int64_t width = 0;
      std::int64_t height = 0;
      library_.get_level_dimensions(slide_.get(), i, &width, &height);
      const double downsample = library_.get_level_downsample(slide_.get(), i);
      check();
      if (width < 1 || height < 1 || static_cast<std::uint64_t>(std::max(width, height)) > kMostSide ||
          !(downsample > 0)) {
        throw Error(Code::kBadFile, fmt::format("{}: OpenSlide reports a level of {} x {}", name_, width, height));
      }
      downsamples_.push_back(downsample);
      levels_.push_back({static_cast<std::uint64_t>(width),
                         static_cast<std::uint64_t>(height),
                         kBlock,
                         kBlock,
                         {mpp[0] * downsample, mpp[1] * downsample}});
    }
    if (levels_.empty()) throw Error(Code::kBadFile, fmt::format("{}: OpenSlide reports no level", name_));
    take_profile();
    check();
  }

  [[nodiscard]] image::Image read(std::size_t level, const Rectangle& part) const override {
    std::vector<std::uint32_t> pixels(part.width * part.height);
    const double downsample = downsamples_.at(level);
    const auto at = [&](std::uint64_t x) {
      return static_cast<std::int64_t>(std::llround(static_cast<double>(x) * downsample));
    };
    library_.read_region(slide_.get(), pixels.data(), at(part.x), at(part.y), static_cast<std::int32_t>(level),
                         static_cast<std::int64_t>(part.width), static_cast<std::int64_t>(part.height));
    check();
    image::Image image;
    image.mode = image::Mode::kRgb;
    image.width = static_cast<int>(part.width);
    image.height = static_cast<int>(part.height);
    image.samples.resize(pixels.size() * 3);
    std::uint8_t* out = image.samples.data();
    for (const std::uint32_t pixel : pixels) {
      // Over white: what is there was multiplied by alpha.
      const std::uint32_t white = 255 - (pixel >> 24U);
      for (const unsigned shift : {16U, 8U, 0U}) {
        *out++ = static_cast<std::uint8_t>(std::min<std::uint32_t>((pixel >> shift & 255U) + white, 255));
      }
    }
    return image;
  }

  [[nodiscard]] std::optional<image::Image> block(std::size_t level, std::uint64_t column,
                                                  std::uint64_t row) const override {
    return read(level, {column * kBlock, row * kBlock, kBlock, kBlock});
  }

 private:
  [[nodiscard]] double property(const char* name) const {
    const char* const text = library_.get_property_value(slide_.get(), name);
    if (text == nullptr) return 0;
    double value = 0;
    const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
    return error == std::errc() && value > 0 && value < 1e6 ? value : 0;
  }

  void take_profile() {
    if (library_.get_icc_profile_size == nullptr) return;
    const std::int64_t size = library_.get_icc_profile_size(slide_.get());
    if (size <= 0) return;
    if (size > kMaxProfile) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: an ICC profile of {} bytes, the limit is {}", name_, size, kMaxProfile));
    }
    icc_profile_.resize(static_cast<std::size_t>(size));
    library_.read_icc_profile(slide_.get(), icc_profile_.data());
  }

  void check() const {
    const char* const error = library_.get_error(slide_.get());
    if (error == nullptr) return;
    throw Error(Code::kBadFile, fmt::format("{}: OpenSlide cannot read it: {}", name_, image::library_text(error)));
  }

  const OpenSlideLibrary& library_;
  Slide slide_;
  std::string name_;
  std::vector<double> downsamples_;
};

}  // namespace

std::unique_ptr<Pyramid> open_with_openslide(const File& file, std::string_view name, std::string_view format) {
  const std::string what = format.empty() ? "a file of another format" : std::string(format);
  constexpr const char* kRead = "DICOM, SVS and tiled TIFF are read";
  if (file.path.empty()) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: expected a whole slide, got {}; {}, others only by OpenSlide, which "
                            "needs a path",
                            name, what, kRead));
  }
  const OpenSlideLibrary* library = openslide_library();
  if (library == nullptr) {
    throw Error(
        Code::kUnsupported,
        fmt::format("{}: expected a whole slide, got {}; {}, others by OpenSlide, whose library is not installed "
                    "(libopenslide.so.1; on Debian: apt install libopenslide0)",
                    name, what, kRead));
  }
  if (library->detect_vendor(file.path.c_str()) == nullptr) return nullptr;
  Slide slide(library->open(file.path.c_str()), CloseSlide{library});
  if (!slide) return nullptr;
  return std::make_unique<OpenSlidePyramid>(*library, std::move(slide), name);
}

}  // namespace mi2::slide
