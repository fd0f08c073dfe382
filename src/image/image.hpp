#pragma once
// Decoded images and what turns one into the pixels the model sees.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "image/fingerprint.hpp"
#include "image/resize.hpp"
#include "image/warnings.hpp"

#include <mi2/image.hpp>

namespace mi2::image {

/// How an image's samples are to be read. The names are Pillow's modes, because the reference is Pillow's behaviour.
enum class Mode : std::uint8_t {
  kBilevel,    ///< "1": one byte per pixel, 0 or 255
  kGrey,       ///< "L"
  kGreyAlpha,  ///< "LA"
  kPalette,    ///< "P": indices into `palette`
  kRgb,        ///< "RGB"
  kRgba,       ///< "RGBA"
  kCmyk,       ///< "CMYK"
};

/// A decoded image in its own mode. samples: [height, width, channels] row by row, no padding.
struct Image {
  Mode mode = Mode::kGrey;
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> samples;
  std::vector<std::uint8_t> palette;  ///< RGB triples, for kPalette only
  Warnings warnings{};
  std::optional<StoredPixels> stored{};  ///< where `samples` are no longer what was stored, if it is asked for
};

/// @returns samples per pixel.
int channels(Mode mode) noexcept;

/// How grey of more than 8 bits becomes 8.
struct GreyRule : Intensity {
  GreyRule() = default;
  // Implicit: without more, an intensity is the rule.
  GreyRule(const Intensity& intensity, bool cut = false) : Intensity(intensity), truncate(cut) {}

  bool truncate = false;  ///< 255 y is cut to a whole number, not rounded
};

struct DecodeOptions {
  std::uint64_t max_pixels = 200'000'000;  ///< width x height; checked before pixels are allocated
  GreyRule intensity;
  std::function<void(std::uint64_t pixels)> claim{};  ///< as ImageOptions::claim
  bool fingerprint = false;                           ///< whether Image::stored is made of grey that becomes 8 bits
};

/// Copies an image that someone else decoded; deep grey becomes 8 bits as in the files that hold it.
/// @throws Error{kBadArgument} sizes that do not fit each other, {kUnsupported} a mode not read, {kTooLarge}.
Image from_view(const ImageView& view, const DecodeOptions& options, std::string_view name);

struct PreprocessOptions {
  Profile profile = Profile::kRaw;
  int azure_size = 512;    ///< 1..4096 pixels; "image_standardization_image_size"
  int azure_quality = 75;  ///< 1..100; "image_standardization_jpeg_compression_ratio"
};

/// What preprocess() resizes: the image after the profile's own steps, grey as one channel and all else as RGB.
/// samples: [height, width, 1 or 3]. Tripling grey after a resize gives the same numbers as before it.
Raster to_source(Image image, const PreprocessOptions& options);

/// A grey raster as RGB; an RGB one as it is.
Raster to_three_channels(Raster raster);

/// Is shown an image; the view is valid for the call.
using See = std::function<void(const ImageView& image)>;

/// The profile's steps, conversion to RGB, and the bicubic antialiased resize to width x height (aspect not kept).
/// @param see  is shown the image before that, as grey or RGB in its own size.
/// @throws Error{kBadArgument} for options out of range; {kTooLarge} for a side that the profile toolkit does not take.
/// Equal to Pillow bit for bit. Source: Pillow's ImagingResample and ImagingConvert, libjpeg-turbo.
Pixels preprocess(Image image, const PreprocessOptions& options, int width, int height, const See& see = {});

}  // namespace mi2::image
