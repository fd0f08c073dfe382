#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "bytes.hpp"

namespace mi2::image::testing {
namespace {

using ::testing::HasSubstr;

/// Within the default pixel limit, so that only the check against the file's size can refuse it.
constexpr std::uint32_t kSide = 14000;

void expect_implausible(const Bytes& bytes) {
  const Refusal found = refusal(bytes);
  EXPECT_EQ(found.code, Code::kBadFile);
  EXPECT_THAT(found.message, HasSubstr("cannot hold"));
}

Bytes png_saying(std::uint32_t width, std::uint32_t height) {
  Bytes bytes = fixture("interlaced_rgb.png");
  put_big(bytes, 16, width);
  put_big(bytes, 20, height);
  const auto* header = reinterpret_cast<const Bytef*>(bytes.data() + 12);
  put_big(bytes, 29, static_cast<std::uint32_t>(crc32(0, header, 17)));
  return bytes;
}

Bytes jpeg_saying(const std::string& file, std::string_view marker, std::uint32_t side) {
  Bytes bytes = fixture(file);
  const std::size_t at = find(bytes, marker);
  put_big(bytes, at + 5, side, 2);
  put_big(bytes, at + 7, side, 2);
  return bytes;
}

/// One strip of 4 bytes for width x height grey pixels.
Bytes tiff_saying(std::uint32_t width, std::uint32_t height, std::uint32_t compression) {
  const std::vector<std::vector<std::uint32_t>> tags = {{256, 4, width},       {257, 4, height}, {258, 3, 8},
                                                        {259, 3, compression}, {262, 3, 1},      {273, 4, 8},
                                                        {277, 3, 1},           {278, 4, height}, {279, 4, 4}};
  Bytes bytes(14 + tags.size() * 12 + 4);
  put_little(bytes, 0, 0x002A4949);
  put_little(bytes, 4, 12);
  put_little(bytes, 12, static_cast<std::uint32_t>(tags.size()), 2);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    put_little(bytes, 14 + i * 12, tags[i][0], 2);
    put_little(bytes, 16 + i * 12, tags[i][1], 2);
    put_little(bytes, 18 + i * 12, 1);
    put_little(bytes, 22 + i * 12, tags[i][2]);
  }
  return bytes;
}

/// A grey pixel, beside tags that nobody knows.
Bytes tiff_of_unknown_tags(std::uint32_t count) {
  Bytes bytes = tiff_saying(1, 1, 1);
  const auto known = static_cast<std::uint32_t>((bytes.size() - 18) / 12);
  const std::size_t end = bytes.size() - 4;
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(end), std::size_t{count} * 12, std::byte{0});
  put_little(bytes, 12, known + count, 2);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t at = end + std::size_t{i} * 12;
    put_little(bytes, at, 0xE000 + i, 2);
    put_little(bytes, at + 2, 4, 2);
    put_little(bytes, at + 4, 1);
  }
  return bytes;
}

/// A picture whose file has a palette of one entry before it.
Bytes jp2_with_palette(std::uint32_t columns) {
  Bytes bytes = fixture("rgb.jp2");
  const std::size_t header = find(bytes, "jp2h") - 4;
  const std::size_t end = find(bytes, "jp2c") - 4;
  Bytes box(11 + std::size_t{columns} * 2, std::byte{7});  // columns of 8 bits, and a 7 in each
  put_big(box, 0, static_cast<std::uint32_t>(box.size()));
  const Bytes kind = text("pclr");
  std::copy(kind.begin(), kind.end(), box.begin() + 4);
  put_big(box, 8, 1, 2);
  put_big(box, 10, columns, 1);
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(end), box.begin(), box.end());
  put_big(bytes, header, static_cast<std::uint32_t>(end - header + box.size()));
  return bytes;
}

TEST(LyingHeader, PngLargerThanItsDataIsRefusedBeforePixelsAreAllocated) {
  expect_implausible(png_saying(kSide, kSide));
  expect_implausible(png_saying(1, 199'000'000));
  EXPECT_EQ(refusal(png_saying(0x7FFFFFFF, 0x7FFFFFFF)).code, Code::kTooLarge);
  EXPECT_EQ(refusal(png_saying(0, 5)).code, Code::kBadFile);
}

TEST(LyingHeader, JpegLargerThanItsDataIsRefusedBeforePixelsAreAllocated) {
  expect_implausible(jpeg_saying("restart.jpg", "\xFF\xC0", kSide));
  expect_implausible(jpeg_saying("progressive.jpg", "\xFF\xC2", kSide));
  EXPECT_EQ(refusal(jpeg_saying("restart.jpg", "\xFF\xC0", 65500)).code, Code::kTooLarge);
}

TEST(LyingHeader, WebpLargerThanItsDataIsRefusedBeforePixelsAreAllocated) {
  Bytes bytes = fixture("lossy.webp");
  const std::size_t at = find(bytes, "\x9D\x01\x2A");
  put_little(bytes, at + 3, 14000, 2);
  put_little(bytes, at + 5, 14000, 2);
  expect_implausible(bytes);
}

TEST(LyingHeader, TiffLargerThanItsDataIsRefusedBeforePixelsAreAllocated) {
  for (const std::uint32_t compression : {1U, 5U, 7U, 8U, 32773U}) {
    SCOPED_TRACE(compression);
    expect_implausible(tiff_saying(kSide, kSide, compression));
    EXPECT_EQ(refusal(tiff_saying(100'000, 100'000, compression)).code, Code::kTooLarge);
  }
  EXPECT_EQ(refusal(tiff_saying(0, 7, 1)).code, Code::kBadFile);
}

TEST(LyingHeader, TiffOneRowHighIsBoundByItsDataToo) { expect_implausible(tiff_saying(199'000'000, 1, 8)); }

TEST(LyingHeader, TiffOfMoreTagsThanAnyWriterKnowsIsRefusedBeforeTheyAreSorted) {
  EXPECT_FALSE(refusal(tiff_of_unknown_tags(100)).code.has_value());
  const Refusal found = refusal(tiff_of_unknown_tags(600));
  EXPECT_EQ(found.code, Code::kBadFile);
  EXPECT_THAT(found.message, HasSubstr("609 tags"));
}

TEST(LyingHeader, Jpeg2000OfAPaletteOfManyColumnsIsRefusedBeforeTheyAreImages) {
  const Refusal found = refusal(jp2_with_palette(255));
  EXPECT_EQ(found.code, Code::kUnsupported);
  EXPECT_THAT(found.message, HasSubstr("a palette of 255 columns"));
}

TEST(Jpeg2000, WithColoursOfAnotherKindIsNotTakenForRgb) {
  for (const std::uint32_t colours : {14U, 24U}) {  // CIELab and e-sYCC
    Bytes bytes = fixture("rgb.jp2");
    put_big(bytes, find(bytes, "colr") + 7, colours);
    const Refusal found = refusal(bytes);
    EXPECT_EQ(found.code, Code::kUnsupported);
    EXPECT_THAT(found.message, HasSubstr(colours == 14 ? "CIELab" : "e-sYCC"));
  }
}

TEST(ProgressiveJpeg, WithScansRepeatedWithoutEndIsRefused) {
  const Bytes whole = fixture("progressive.jpg");
  const auto from = static_cast<std::ptrdiff_t>(find(whole, "\xFF\xDA", true));
  const Bytes scan(whole.begin() + from, whole.end() - 2);
  Bytes bytes(whole.begin(), whole.end() - 2);
  for (int i = 0; i < 600; ++i) bytes.insert(bytes.end(), scan.begin(), scan.end());
  bytes.insert(bytes.end(), whole.end() - 2, whole.end());
  const Refusal found = refusal(bytes);
  EXPECT_EQ(found.code, Code::kTooLarge);
  EXPECT_THAT(found.message, HasSubstr("too many scans"));
}

}  // namespace
}  // namespace mi2::image::testing
