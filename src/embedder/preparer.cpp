#include "embedder/preparer.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files.hpp"
#include "dicom/dicom.hpp"
#include "image/frames.hpp"
#include "image/options.hpp"
#include "volume/volume.hpp"

#include <mi2/error.hpp>

namespace mi2::embedder {
namespace {

image::PreprocessOptions preprocess_options(const ImageOptions& options) {
  if (options.azure_size < 1 || options.azure_size > 4096) {
    throw Error(Code::kBadArgument, fmt::format("azure size {}: needs 1 to 4096 pixels", options.azure_size));
  }
  if (options.azure_quality < 1 || options.azure_quality > 100) {
    throw Error(Code::kBadArgument, fmt::format("azure JPEG quality {}: needs 1 to 100", options.azure_quality));
  }
  return {options.profile, options.azure_size, options.azure_quality};
}

/// The toolkit cuts where others round, and spreads all DICOM.
image::GreyRule grey_rule(const ImageOptions& options, bool is_dicom) {
  Intensity intensity = options.intensity;
  const bool toolkit = options.profile == Profile::kToolkit;
  if (toolkit && is_dicom && intensity.kind == Intensity::Kind::kAuto) intensity.kind = Intensity::Kind::kPercentile;
  return {intensity, toolkit};
}

}  // namespace

Preparer::Preparer(const ImageOptions& options) : options_(options), preprocess_(preprocess_options(options)) {
  image::check(options.intensity);
  if (options.window) image::check(*options.window);
  if (options.slide) slide::check(*options.slide);
}

std::vector<std::byte> read_image(const std::filesystem::path& path, std::uint64_t max_bytes) {
  std::vector<std::byte> bytes = base::read_file(path, max_bytes);
  const std::optional<std::filesystem::path> voxels = volume::data_file(bytes, path);
  if (!voxels) return bytes;
  return volume::joined(bytes, base::read_file(*voxels, max_bytes), max_bytes, path.string());
}

std::optional<std::filesystem::path> voxels_beside(const std::filesystem::path& path) {
  constexpr std::uint64_t kLongestHeader = 1 << 20;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  try {
    std::vector<char> head(volume::kSniffBytes);
    head.resize(base::InputFile(path).read(head));
    if (!volume::looks_like_volume(std::as_bytes(std::span(head)))) return std::nullopt;
    if (std::filesystem::file_size(path, error) > kLongestHeader || error) return std::nullopt;
    return volume::data_file(base::read_file(path, kLongestHeader), path);
  } catch (const Error&) {  // that the file cannot be read is reported where it is
    return std::nullopt;
  }
}

slide::Options slide_options(const ImageOptions& options, ModelSize size) {
  if (size.width < 1 || size.height < 1)
    throw Error(Code::kInternal, "a slide's tiles need the size of a model's image");
  slide::Options out;
  out.choice = options.slide.value_or(SlideOptions{});
  out.tile_width = static_cast<std::uint64_t>(size.width);
  out.tile_height = static_cast<std::uint64_t>(size.height);
  out.max_pixels = options.max_pixels;
  out.claim = options.claim;
  return out;
}

std::unique_ptr<image::Source> open_source(std::span<const std::byte> encoded, std::string_view name,
                                           const ImageOptions& options, ModelSize size) {
  if (encoded.size() > options.max_file_bytes) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: {} bytes, the limit is {}", name, encoded.size(), options.max_file_bytes));
  }
  if (options.slide) {
    const slide::File file{encoded};
    return slide::open({&file, 1}, slide_options(options, size), name);
  }
  const bool is_dicom = dicom::looks_like_dicom(encoded);
  const image::GreyRule rule = grey_rule(options, is_dicom);
  if (is_dicom) {
    // The toolkit reads stored values, and knows no window of the file.
    const bool ignore_voi = options.profile == Profile::kToolkit;
    return dicom::open(
        encoded, {options.max_pixels, options.window, rule, ignore_voi, options.claim, options.fingerprint}, name);
  }
  if (volume::looks_like_volume(encoded)) {
    return volume::open(encoded,
                        {options.max_pixels, options.max_file_bytes, options.window, rule, options.plane, options.claim,
                         options.fingerprint},
                        name);
  }
  return image::open(encoded, {options.max_pixels, rule, options.claim, options.fingerprint}, name);
}

image::Image Preparer::read_one(std::span<const std::byte> encoded, std::string_view name, ModelSize size) const {
  const std::unique_ptr<image::Source> source = open_source(encoded, name, options_, size);
  const image::FrameRange range = image::select_frames(*source, options_.frames, name);
  if (range.count == 1) return source->read(range.first);
  throw Error(Code::kBadArgument, fmt::format("{}: expected one frame, got {} by frames '{}'; choose middle, first or "
                                              "the number of one",
                                              name, range.count, to_string(options_.frames)));
}

image::Raster Preparer::decode(std::span<const std::byte> encoded, std::string_view name) const {
  return image::to_source(check(read_one(encoded, name, {}), name), preprocess_);
}

Pixels Preparer::prepare(std::span<const std::byte> encoded, std::string_view name, int width, int height,
                         const image::See& see) const {
  return finish(read_one(encoded, name, {width, height}), name, width, height, see);
}

TimedPixels Preparer::prepare_timed(std::span<const std::byte> encoded, std::string_view name, int width,
                                    int height) const {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  image::Image image = read_one(encoded, name, {width, height});
  const Clock::time_point decoded = Clock::now();
  TimedPixels timed{finish(std::move(image), name, width, height), {}};
  timed.times.decode = std::chrono::duration<double>(decoded - start).count();
  timed.times.preprocess = std::chrono::duration<double>(Clock::now() - decoded).count();
  return timed;
}

Pixels Preparer::prepare(const ImageView& image, std::string_view name, int width, int height) const {
  return finish(image::from_view(image, {options_.max_pixels, grey_rule(options_, false), {}}, name), name, width,
                height);
}

Pixels Preparer::prepare(const image::Source& source, std::uint64_t frame, std::string_view name, int width, int height,
                         const image::See& see) const {
  return finish(source.read(frame), name, width, height, see);
}

image::Image Preparer::check(image::Image image, std::string_view name) const {
  image::warn_of_content(image);
  if (!options_.strict || image.warnings.empty()) return image;
  throw Error(Code::kBadFile, fmt::format("{}: refused, since strict: {}", name, fmt::join(image.warnings, "; ")));
}

Pixels Preparer::finish(image::Image image, std::string_view name, int width, int height, const image::See& see) const {
  image = check(std::move(image), name);
  std::vector<std::string> warnings = std::move(image.warnings);
  const int source_width = image.width;
  const int source_height = image.height;
  std::optional<Fingerprint> fingerprint;
  image::See look = see;
  if (options_.fingerprint) {
    look = [&see, &fingerprint, stored = std::move(image.stored)](const ImageView& shown) {
      fingerprint = image::fingerprint(shown, stored);
      if (see) see(shown);
    };
  }
  Pixels pixels = image::preprocess(std::move(image), preprocess_, width, height, look);
  pixels.warnings = std::move(warnings);
  pixels.fingerprint = std::move(fingerprint);
  pixels.source_width = source_width;
  pixels.source_height = source_height;
  return pixels;
}

}  // namespace mi2::embedder
