// Damaged and cut data are refused, or read with a warning that is part of the answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <jpeglib.h>

#include "base/files.hpp"
#include "bytes.hpp"
#include "jpeg_writer.hpp"
#include "support/paths.hpp"

namespace mi2::image::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Warnings warnings_of(const Bytes& bytes) { return decode(bytes, {}, kName).warnings; }

void append(Bytes& bytes, std::string_view tail) {
  const Bytes more = text(tail);
  bytes.insert(bytes.end(), more.begin(), more.end());
}

/// Without what follows `at`, and an end all the same.
Bytes ended_at(const Bytes& whole, std::size_t at) {
  Bytes bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at));
  append(bytes, "\xFF\xD9");
  return bytes;
}

/// A sequential JPEG with a scan for each of its three components.
Bytes jpeg_of_three_scans() {
  constexpr int kSide = 32;
  static constexpr jpeg_scan_info kScans[] = {{1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
  std::vector<JSAMPLE> row(kSide * 3);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<JSAMPLE>(i * 37);
  return jpeg_of(kSide, kSide, 3, row, [](jpeg_compress_struct& info) {
    info.scan_info = kScans;
    info.num_scans = 3;
  });
}

TEST(Damage, WholeImagesOfEveryFormatComplainOfNothing) {
  for (const auto& entry : std::filesystem::directory_iterator(test::golden_data() / "images")) {
    EXPECT_THAT(warnings_of(base::read_file(entry.path(), 1U << 26)), IsEmpty()) << entry.path();
  }
}

TEST(Damage, JpegWhoseDataEndBeforeTheLastPixelIsRefusedThoughItHasAnEnd) {
  for (const char* file : {"restart.jpg", "440.jpg", "ycck.jpg", "progressive.jpg"}) {
    const Bytes whole = fixture(file);
    const std::size_t data = find(whole, "\xFF\xDA", true) + 20;
    EXPECT_EQ(refusal(ended_at(whole, (data + whole.size()) / 2)).code, Code::kBadFile) << file;
    EXPECT_EQ(refusal(ended_at(whole, data)).code, Code::kBadFile) << file << " without data";
  }
}

TEST(Damage, ProgressiveJpegWithoutItsLastScansIsAWarning) {
  const Bytes whole = fixture("progressive.jpg");
  EXPECT_THAT(warnings_of(whole), IsEmpty());
  EXPECT_THAT(warnings_of(ended_at(whole, find(whole, "\xFF\xDA", true))),
              ElementsAre(HasSubstr("without its last scans")));
}

TEST(Damage, JpegWithoutAScanOfAComponentIsRefused) {
  const Bytes whole = jpeg_of_three_scans();
  EXPECT_THAT(warnings_of(whole), IsEmpty());
  EXPECT_EQ(refusal(ended_at(whole, find(whole, "\xFF\xDA", true))).code, Code::kBadFile);
}

TEST(Damage, JpegWithBytesBetweenItsMarkersIsAWarning) {
  Bytes bytes = fixture("440.jpg");
  const auto scan = static_cast<std::ptrdiff_t>(find(bytes, "\xFF\xDA", true));
  bytes.insert(bytes.begin() + scan, 3, std::byte{0x11});
  EXPECT_THAT(warnings_of(bytes), ElementsAre(StartsWith("codec: JPEG: ")));
}

TEST(Damage, PngWithAWrongChecksumIsAWarningAndOneWithWrongDataRefused) {
  Bytes bytes = fixture("interlaced_rgb.png");
  const std::size_t end = find(bytes, "IEND", true) - 4;
  bytes.at(end - 1) ^= std::byte{1};
  EXPECT_THAT(warnings_of(bytes), ElementsAre(StartsWith("codec: PNG: ")));
  bytes.at(end - 5) ^= std::byte{1};  // zlib's own sum
  EXPECT_EQ(refusal(bytes).code, Code::kBadFile);
}

TEST(Damage, TiffWhoseJpegTileEndsEarlyIsRefused) {
  Bytes bytes = fixture("jpeg_tiled.tif");
  const std::size_t scan = find(bytes, "\xFF\xDA", true);
  bytes.at(scan + 40) = std::byte{0xFF};
  bytes.at(scan + 41) = std::byte{0xD9};
  const Refusal found = refusal(bytes);
  EXPECT_EQ(found.code, Code::kBadFile);
  EXPECT_THAT(found.message, HasSubstr("TIFF"));
}

}  // namespace
}  // namespace mi2::image::testing
