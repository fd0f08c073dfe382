#include "image/convert.hpp"
#include "image/image.hpp"
#include "image/jpeg.hpp"
#include "image/resize.hpp"

#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::image {
namespace {

constexpr int kMaxAzureSize = 4096;

RasterView view(const Picture& picture) {
  return {picture.width, picture.height, channels(picture.mode), picture.samples};
}

/// Pillow's resize in the picture's own mode: indices and bilevel take the nearest, alpha is premultiplied.
Raster resize_own_mode(const Picture& picture, int width, int height) {
  const RasterView in = view(picture);
  if (picture.mode == Mode::kPalette || picture.mode == Mode::kBilevel) return resize_nearest(in, width, height);
  const bool alpha = picture.mode == Mode::kGreyAlpha || picture.mode == Mode::kRgba;
  if (!alpha || (in.width == width && in.height == height)) return resize_bicubic(in, width, height);
  Raster premultiplied{in.width, in.height, in.channels, picture.samples};
  premultiply(premultiplied);
  Raster out = resize_bicubic(premultiplied, width, height);
  unpremultiply(out);
  return out;
}

/// What the hosted model sees in place of the picture.
Picture standardize(const Picture& picture, const PreprocessOptions& options) {
  const Raster square = resize_own_mode(picture, options.azure_size, options.azure_size);
  Raster rgb = to_rgb(picture.mode, square, picture.palette);
  const auto encoded = encode_jpeg({rgb.width, rgb.height, std::move(rgb.samples)}, options.azure_quality);
  return decode_jpeg(encoded, {}, "standardized picture");
}

/// Conversion to RGB, then the resize. Grey is resized once and tripled after: the same numbers.
Rgb to_model(const Picture& picture, int width, int height) {
  const RasterView in = view(picture);
  Raster out;
  if (picture.mode == Mode::kGrey || picture.mode == Mode::kBilevel) {
    out = to_rgb(Mode::kGrey, resize_bicubic(in, width, height), {});
  } else if (picture.mode == Mode::kRgb) {
    out = resize_bicubic(in, width, height);
  } else {
    out = resize_bicubic(to_rgb(picture.mode, in, picture.palette), width, height);
  }
  return {width, height, std::move(out.samples)};
}

}  // namespace

Rgb preprocess(const Picture& picture, const PreprocessOptions& options, int width, int height) {
  if (options.profile == Profile::kRaw) return to_model(picture, width, height);
  if (options.azure_size < 1 || options.azure_size > kMaxAzureSize) {
    throw Error(Code::kBadArgument,
                fmt::format("azure size {}: expected 1 to {} pixels", options.azure_size, kMaxAzureSize));
  }
  if (options.azure_quality < 1 || options.azure_quality > 100) {
    throw Error(Code::kBadArgument, fmt::format("azure quality {}: expected 1 to 100", options.azure_quality));
  }
  return to_model(standardize(picture, options), width, height);
}

}  // namespace mi2::image
