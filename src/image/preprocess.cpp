#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/convert.hpp"
#include "image/image.hpp"
#include "image/intensity.hpp"
#include "image/jpeg_round_trip.hpp"
#include "image/resize.hpp"
#include "image/spline_resize.hpp"

namespace mi2::image {
namespace {

constexpr int kMaxAzureSize = 4096;

RasterView view(const Image& image) { return {image.width, image.height, channels(image.mode), image.samples}; }

/// Pillow's resize in the image's own mode: indices and bilevel take the nearest, alpha is premultiplied.
Raster resize_own_mode(const Image& image, int width, int height) {
  const RasterView in = view(image);
  if (image.mode == Mode::kPalette || image.mode == Mode::kBilevel) return resize_nearest(in, width, height);
  const bool alpha = image.mode == Mode::kGreyAlpha || image.mode == Mode::kRgba;
  if (!alpha || (in.width == width && in.height == height)) return resize_bicubic(in, width, height);
  Raster premultiplied{in.width, in.height, in.channels, image.samples};
  premultiply(premultiplied);
  Raster out = resize_bicubic(premultiplied, width, height);
  unpremultiply(out);
  return out;
}

bool is_grey_or_rgb(const Image& image) {
  return image.mode == Mode::kGrey || image.mode == Mode::kBilevel || image.mode == Mode::kRgb;
}

/// What the hosted model sees in place of the image, as grey or RGB.
Raster standardize(const Image& image, const PreprocessOptions& options) {
  Raster square = resize_own_mode(image, options.azure_size, options.azure_size);
  if (!is_grey_or_rgb(image)) square = without_colour(to_rgb(image.mode, square, image.palette));
  jpeg_round_trip(square, options.azure_quality);
  return square;
}

/// Grey stays one channel.
Raster grey_or_rgb(Image image) {
  if (is_grey_or_rgb(image)) {
    return {image.width, image.height, channels(image.mode), std::move(image.samples)};
  }
  return to_rgb(image.mode, view(image), image.palette);
}

/// What the published toolkit sends. Its blur takes time by each side's share of the result's, times all pixels.
Raster as_toolkit(Image image) {
  constexpr int kSide = 480;
  constexpr int kMostSide = 65535;
  if (std::max(image.width, image.height) > kMostSide) {
    throw Error(Code::kTooLarge, fmt::format("profile toolkit: expected sides of at most {} pixels, got {} x {}",
                                             kMostSide, image.width, image.height));
  }
  return resize_spline(grey_or_rgb(std::move(image)), kSide, kSide);
}

/// What the published MCP tools send: percentiles 5 and 95 of all samples of the three channels, cut to whole numbers.
Raster as_mcp(Image image) {
  constexpr int kSide = 512;
  constexpr int kQuality = 75;
  constexpr double kLeast = 1e-6;
  Raster square = resize_bicubic(grey_or_rgb(std::move(image)), kSide, kSide);
  std::array<float, 256> levels{};
  std::array<std::uint64_t, 256> occurrences{};
  for (std::size_t i = 0; i < levels.size(); ++i) levels.at(i) = static_cast<float>(i);
  for (const std::uint8_t sample : square.samples) occurrences.at(sample) += square.channels == 1 ? 3 : 1;
  const Range range = intensity_range(levels, occurrences, Intensity{Intensity::Kind::kPercentile, 5, 95, {}});
  for (std::uint8_t& sample : square.samples) {
    const double shade = (sample - range.low) / std::max(range.high - range.low, kLeast) * 255.0;
    sample = static_cast<std::uint8_t>(std::clamp(shade, 0.0, 255.0));
  }
  jpeg_round_trip(square, kQuality);
  return square;
}

/// RGB that holds no colour becomes grey: every step treats the three channels alike.
Image drop_unused_channels(Image image) {
  if (image.mode != Mode::kRgb) return image;
  Raster raster = without_colour({image.width, image.height, 3, std::move(image.samples)});
  image.mode = raster.channels == 1 ? Mode::kGrey : Mode::kRgb;
  image.samples = std::move(raster.samples);
  return image;
}

void check(const PreprocessOptions& options) {
  if (options.azure_size < 1 || options.azure_size > kMaxAzureSize) {
    throw Error(Code::kBadArgument,
                fmt::format("azure size {}: expected 1 to {} pixels", options.azure_size, kMaxAzureSize));
  }
  if (options.azure_quality < 1 || options.azure_quality > 100) {
    throw Error(Code::kBadArgument, fmt::format("azure quality {}: expected 1 to 100", options.azure_quality));
  }
}

/// The profile's own steps.
Raster apply_profile(Image image, const PreprocessOptions& options) {
  switch (options.profile) {
    case Profile::kRaw:
      return grey_or_rgb(std::move(image));
    case Profile::kAzure:
      check(options);
      return standardize(image, options);
    case Profile::kToolkit:
      return as_toolkit(std::move(image));
    case Profile::kMcp:
      return as_mcp(std::move(image));
  }
  throw Error(Code::kInternal, "profile: unknown");
}

void show(const RasterView& raster, const See& see) {
  see({raster.channels == 1 ? "L" : "RGB",
       static_cast<std::uint64_t>(raster.width),
       static_cast<std::uint64_t>(raster.height),
       std::as_bytes(raster.samples),
       {}});
}

}  // namespace

Raster to_source(Image image, const PreprocessOptions& options) {
  Raster source = apply_profile(std::move(image), options);
  return options.profile == Profile::kRaw ? source : to_three_channels(std::move(source));
}

Raster to_three_channels(Raster raster) {
  if (raster.channels == 3) return raster;
  return to_rgb(Mode::kGrey, raster, {});
}

Pixels preprocess(Image image, const PreprocessOptions& options, int width, int height, const See& see) {
  image = drop_unused_channels(std::move(image));
  if (see && is_grey_or_rgb(image)) show(view(image), see);
  if (see && !is_grey_or_rgb(image)) show(to_rgb(image.mode, view(image), image.palette), see);
  const Raster source = apply_profile(std::move(image), options);
  Raster out = to_three_channels(resize_bicubic(source, width, height));
  return {width, height, std::move(out.samples)};
}

}  // namespace mi2::image
