#include "image/thumbnail.hpp"

#include <algorithm>
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
/// From 0, fast, to 6, small. From 2 on a thumbnail would cost a tenth of embedding with a small model.
constexpr int kEffort = 1;

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

std::vector<std::byte> encode_webp(const Raster& raster) {
  WebPConfig config;
  if (WebPConfigPreset(&config, WEBP_PRESET_PHOTO, kQuality) == 0) {
    throw Error(Code::kInternal, "libwebp version mismatch");
  }
  config.method = kEffort;
  Encoder out;
  out.picture.width = raster.width;
  out.picture.height = raster.height;
  const Raster rgb = to_three_channels(raster);
  const bool encoded = WebPPictureImportRGB(&out.picture, rgb.samples.data(), 3 * rgb.width) != 0 &&
                       WebPEncode(&config, &out.picture) != 0;
  if (!encoded) {
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
