#include "image/thumbnail.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>

#include <fmt/format.h>
#include <webp/encode.h>

#include <mi2/error.hpp>

#include "image/resize.hpp"

namespace mi2::image {
namespace {

constexpr int kMostSide = 4096;
constexpr float kQuality = 80;
/// From 0, fast, to 6, small: a thumbnail must not take much longer than a small model does.
constexpr int kEffort = 0;

/// What libwebp holds while it writes a file.
struct Encoder {
  WebPPicture picture{};
  WebPMemoryWriter writer{};
  Encoder() {
    WebPMemoryWriterInit(&writer);
    if (WebPPictureInit(&picture) == 0) throw Error(Code::kInternal, "libwebp version mismatch");
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  ~Encoder() {
    WebPPictureFree(&picture);
    WebPMemoryWriterClear(&writer);
  }
};

/// As libwebp imports it from RGB, without a look at colours that there are not.
bool import_grey(const Raster& raster, WebPPicture& picture) {
  if (WebPPictureAlloc(&picture) == 0) return false;
  constexpr std::uint8_t kNoColour = 128;
  constexpr unsigned kLuma = 56318;  // of red, green and blue together, in 65536ths; 0 is 16
  std::array<std::uint8_t, 256> luma{};
  for (unsigned shade = 0; shade < luma.size(); ++shade) {
    luma.at(shade) = static_cast<std::uint8_t>((kLuma * shade + (1U << 15U) + (16U << 16U)) >> 16U);
  }
  const std::span rows(picture.y, static_cast<std::size_t>(picture.y_stride) * static_cast<std::size_t>(raster.height));
  const auto width = static_cast<std::size_t>(raster.width);
  for (std::size_t y = 0; y < static_cast<std::size_t>(raster.height); ++y) {
    const auto from = std::span(raster.samples).subspan(y * width, width);
    std::transform(from.begin(), from.end(), rows.subspan(y * static_cast<std::size_t>(picture.y_stride)).begin(),
                   [&](std::uint8_t shade) { return luma[shade]; });
  }
  const auto half = static_cast<std::size_t>(picture.uv_stride) * ((static_cast<std::size_t>(raster.height) + 1) / 2);
  std::fill_n(picture.u, half, kNoColour);
  std::fill_n(picture.v, half, kNoColour);
  return true;
}

std::vector<std::byte> encode_webp(const Raster& raster) {
  WebPConfig config;
  if (WebPConfigPreset(&config, WEBP_PRESET_PHOTO, kQuality) == 0) {
    throw Error(Code::kInternal, "libwebp version mismatch");
  }
  config.method = kEffort;
  config.segments = 1;  // more take a fifth longer, for files as large
  Encoder out;
  out.picture.width = raster.width;
  out.picture.height = raster.height;
  const bool imported = raster.channels == 1
                            ? import_grey(raster, out.picture)
                            : WebPPictureImportRGB(&out.picture, raster.samples.data(), 3 * raster.width) != 0;
  if (!imported || WebPEncode(&config, &out.picture) == 0) {
    throw Error(Code::kInternal,
                fmt::format("a thumbnail: libwebp error {}", static_cast<int>(out.picture.error_code)));
  }
  const auto bytes = std::as_bytes(std::span(out.writer.mem, out.writer.size));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::vector<std::byte> thumbnail(const ImageView& image, int side) {
  const bool grey = image.mode == "L";
  if ((!grey && image.mode != "RGB") || side < 1 || side > kMostSide) {
    throw Error(Code::kBadArgument,
                fmt::format("a thumbnail of {} pixels: expected grey or RGB, and 1 to {} pixels", side, kMostSide));
  }
  const int width = static_cast<int>(image.width);
  const int height = static_cast<int>(image.height);
  const RasterView whole{
      width, height, grey ? 1 : 3, {reinterpret_cast<const std::uint8_t*>(image.samples.data()), image.samples.size()}};
  const double scale = std::min(1.0, static_cast<double>(side) / std::max(width, height));
  const auto scaled = [&](int length) { return std::max(1, static_cast<int>(std::lround(length * scale))); };
  return encode_webp(resize_bicubic(whole, scaled(width), scaled(height)));
}

}  // namespace mi2::image
