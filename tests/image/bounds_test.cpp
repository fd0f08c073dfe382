// Memory at most (bytes per pixel of docs/operations.md) x pixels + a constant, whatever a file says.

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include <jpeglib.h>
#include <malloc.h>
#include <zlib.h>

#include "bytes.hpp"
#include "jpeg_writer.hpp"
#include "support/deflated.hpp"

namespace mi2::image::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

constexpr std::uint32_t kWidth = 2000;
constexpr std::uint32_t kHeight = 1000;
constexpr std::uint64_t kPixels = std::uint64_t{kWidth} * kHeight;
constexpr std::uint64_t kConstant = 8 << 20;

/// A field of /proc/self/status, in bytes.
std::uint64_t status_of(const std::string& field) {
  std::ifstream file("/proc/self/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind(field + ":", 0) == 0) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}

/// What decoding takes at its height, over what was there before.
std::uint64_t peak_of_decoding(const Bytes& bytes) {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts anew
  const std::uint64_t before = status_of("VmRSS");
  const Image picture = decode(bytes, {}, kName);
  EXPECT_EQ(static_cast<std::uint64_t>(picture.width) * static_cast<std::uint64_t>(picture.height), kPixels);
  const std::uint64_t peak = status_of("VmHWM");
  return peak > before ? peak - before : 0;
}

void expect_within(std::uint64_t bytes_per_pixel, const Bytes& bytes, std::uint64_t constant = kConstant) {
  if (kSanitized) GTEST_SKIP() << "sanitizers take memory of their own";
  EXPECT_LE(peak_of_decoding(bytes), bytes_per_pixel * kPixels + constant);
}

/// 40 bytes of lossless WebP, all of one colour.
Bytes webp_of_one_colour(bool alpha) {
  const std::string_view opaque("\x07\x50\x81\x54\x08\x20\x00\x0A\x9A\xFE\xC7\x88\x88\xFE\x07", 15);
  const std::string_view clear("\x07\x50\x81\x54\x08\x20\x00\x0A\x9A\x26\xC4\x88\x88\xFE\x07", 15);
  Bytes bytes = text(std::string_view("RIFF\x20\0\0\0WEBPVP8L\x14\0\0\0\x2F\0\0\0\0", 25));
  put_little(bytes, 21, (kWidth - 1) | (kHeight - 1) << 14U | (alpha ? 1U << 28U : 0));
  const Bytes rest = text(alpha ? clear : opaque);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

Bytes png(int bits, int colour, std::size_t pixel_bytes) {
  std::string out = "\x89PNG\r\n\x1a\n";
  const auto chunk = [&out](const std::string& body) {
    const auto big = [&out](std::size_t value) {
      for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFFU);
    };
    big(body.size() - 4);
    out += body;
    big(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
  };
  std::string header = "IHDR";
  for (const std::uint32_t side : {kWidth, kHeight}) {
    for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(side >> shift & 0xFFU);
  }
  header += static_cast<char>(bits);
  header += static_cast<char>(colour);
  chunk(header + std::string(3, '\0'));
  chunk("IDAT" + test::deflated(std::string((kWidth * pixel_bytes + 1) * kHeight, '\0'), test::kZlib));
  chunk("IEND");
  return text(out);
}

Bytes progressive_jpeg(int components) {
  const std::vector<JSAMPLE> row(static_cast<std::size_t>(kWidth) * static_cast<std::size_t>(components), 99);
  return jpeg_of(kWidth, kHeight, components, row, [components](jpeg_compress_struct& info) {
    for (int c = 0; c < components; ++c) info.comp_info[c].h_samp_factor = info.comp_info[c].v_samp_factor = 1;
    jpeg_simple_progression(&info);
  });
}

/// One strip of zeros, the costliest of layouts.
Bytes tiff(std::uint32_t bits, std::uint32_t samples, std::uint32_t format, std::uint32_t photometric) {
  const std::string data = test::deflated(std::string(kPixels * bits / 8 * samples, '\0'), test::kZlib);
  const auto size = static_cast<std::uint32_t>(data.size());
  // One value of each of the samples, behind the directory, as all of them are the same.
  const std::vector<std::vector<std::uint32_t>> tags = {
      {256, 4, 1, kWidth}, {257, 4, 1, kHeight}, {258, 3, samples, bits}, {259, 3, 1, 8},    {262, 3, 1, photometric},
      {273, 4, 1, 8},      {277, 3, 1, samples}, {278, 4, 1, kHeight},    {279, 4, 1, size}, {339, 3, samples, format}};
  Bytes bytes = text(std::string_view("II*\0\0\0\0\0", 8));
  const Bytes strip = text(data);
  bytes.insert(bytes.end(), strip.begin(), strip.end());
  const std::size_t start = bytes.size();
  put_little(bytes, 4, static_cast<std::uint32_t>(start));
  bytes.resize(start + 2 + tags.size() * 12 + 4);
  put_little(bytes, start, static_cast<std::uint32_t>(tags.size()), 2);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::size_t at = start + 2 + i * 12;
    put_little(bytes, at, tags[i][0], 2);
    put_little(bytes, at + 2, tags[i][1], 2);
    put_little(bytes, at + 4, tags[i][2]);
    if (tags[i][2] <= 2) {
      put_little(bytes, at + 8, tags[i][2] == 2 ? tags[i][3] * 0x10001U : tags[i][3]);
      continue;
    }
    put_little(bytes, at + 8, static_cast<std::uint32_t>(bytes.size()));
    for (std::uint32_t s = 0; s < tags[i][2]; ++s) {
      bytes.resize(bytes.size() + 2);
      put_little(bytes, bytes.size() - 2, tags[i][3], 2);
    }
  }
  return bytes;
}

constexpr std::uint64_t kPngConstant = kConstant + (64U << 20);  // whole rows unpacked beforehand

TEST(Bounds, WebpTakes7BytesAPixelAnd8WithAlpha) {
  expect_within(7, webp_of_one_colour(false));
  expect_within(8, webp_of_one_colour(true));
}

TEST(Bounds, PngTakes4BytesAPixelAnd6WithDeepGreyAndAlpha) {
  expect_within(4, png(8, 6, 4), kPngConstant);
  expect_within(3, png(16, 0, 2), kPngConstant);
  expect_within(6, png(16, 4, 4), kPngConstant);
}

TEST(Bounds, ProgressiveJpegTakes3BytesASample) {
  expect_within(3, progressive_jpeg(1));
  expect_within(9, progressive_jpeg(3));
  expect_within(12, progressive_jpeg(4));
}

TEST(Bounds, TiffTakesTwiceItsSamples) {
  expect_within(17, tiff(64, 1, 3, 1));
  expect_within(9, tiff(16, 3, 1, 2));
  expect_within(12, tiff(16, 4, 1, 5));
}

TEST(Bounds, EveryDecoderClaimsAnImagesPixelsOnceBeforeItDecodes) {
  struct Full {};
  for (const char* file : {"rgb16.png", "440.jpg", "lossy.webp", "tiled.tif", "grey.gif", "rgb.bmp", "rgb.jp2"}) {
    std::vector<std::uint64_t> claims;
    DecodeOptions options;
    options.claim = [&claims](std::uint64_t pixels) { claims.push_back(pixels); };
    const Image picture = decode(fixture(file), options, kName);
    const auto pixels = static_cast<std::uint64_t>(picture.width) * static_cast<std::uint64_t>(picture.height);
    EXPECT_EQ(claims, std::vector<std::uint64_t>{pixels}) << file;
    options.claim = [](std::uint64_t) { throw Full{}; };
    EXPECT_THROW(decode(fixture(file), options, kName), Full) << file;
  }
}

TEST(Bounds, TilesFarLargerThanTheImageAreRefused) {
  Bytes bytes = fixture("tiled.tif");
  // TileWidth and TileLength, of type SHORT or LONG, become 8000.
  for (const std::uint8_t tag : {0x42, 0x43}) {
    const std::string entry{static_cast<char>(tag), '\x01'};
    put_little(bytes, find(bytes, entry) + 8, 8000, 2);
  }
  const Refusal found = refusal(bytes);
  EXPECT_EQ(found.code, Code::kBadFile);
}

}  // namespace
}  // namespace mi2::image::testing
