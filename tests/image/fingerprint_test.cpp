// By what copies of a picture are found.

#include "image/fingerprint.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/expect_error.hpp"

namespace mi2::image {
namespace {

constexpr std::uint64_t kWidth = 40;
constexpr std::uint64_t kHeight = 30;

/// Brighter from left to right, by `slope` shades a pixel.
std::vector<std::uint8_t> ramp(double slope) {
  std::vector<std::uint8_t> samples;
  for (std::uint64_t i = 0; i < kWidth * kHeight; ++i) {
    samples.push_back(static_cast<std::uint8_t>(slope * static_cast<double>(i % kWidth)));
  }
  return samples;
}

std::vector<std::uint8_t> tripled(const std::vector<std::uint8_t>& grey) {
  std::vector<std::uint8_t> rgb;
  for (const std::uint8_t sample : grey) rgb.insert(rgb.end(), 3, sample);
  return rgb;
}

ImageView view(std::string_view mode, const std::vector<std::uint8_t>& samples) {
  return {mode, kWidth, kHeight, std::as_bytes(std::span(samples)), {}};
}

TEST(StoredPixels, DifferIfWhatTheBytesAreDiffers) {
  const std::vector<std::uint8_t> samples = ramp(2);
  const auto hash = [&](const StoredKind& kind) {
    return stored_pixels(kind, std::as_bytes(std::span(samples))).sha256;
  };
  const StoredKind grey{"MONOCHROME2", 8, false, false, kWidth, kHeight};
  EXPECT_EQ(hash(grey), hash(grey));
  StoredKind other = grey;
  other.photometric = "MONOCHROME1";
  EXPECT_NE(hash(other), hash(grey));
  other = grey;
  other.is_signed = true;
  EXPECT_NE(hash(other), hash(grey));
  other = grey;
  other.bits = 16;
  EXPECT_NE(hash(other), hash(grey));
  other = grey;
  std::swap(other.width, other.height);
  EXPECT_NE(hash(other), hash(grey));
}

TEST(StoredPixels, AreBlankIfAllSamplesAreEqual) {
  std::vector<std::uint16_t> samples(kWidth * kHeight, 700);
  EXPECT_TRUE(stored_grey<std::uint16_t>(samples, kWidth, kHeight).blank);
  samples.back() = 701;
  EXPECT_FALSE(stored_grey<std::uint16_t>(samples, kWidth, kHeight).blank);
  const std::vector<std::uint8_t> red{9, 0, 0, 9, 0, 0};
  EXPECT_TRUE(stored_pixels({"RGB", 8, false, false, 2, 1}, std::as_bytes(std::span(red))).blank);
}

TEST(Fingerprint, OfGreyIsTheSameInThreeChannels) {
  const std::vector<std::uint8_t> grey = ramp(3);
  const Fingerprint one = fingerprint(view("L", grey), std::nullopt);
  const Fingerprint three = fingerprint(view("RGB", tripled(grey)), std::nullopt);
  EXPECT_EQ(one.pixels_sha256, three.pixels_sha256);
  EXPECT_EQ(one.dhash, three.dhash);
  std::vector<std::uint8_t> coloured = tripled(grey);
  coloured.back() = 0;
  EXPECT_NE(one.pixels_sha256, fingerprint(view("RGB", coloured), std::nullopt).pixels_sha256);
}

TEST(DifferenceHash, HasABitForEachRise) {
  EXPECT_EQ(difference_hash(view("L", ramp(2))), ~std::uint64_t{0});
  std::vector<std::uint8_t> falling = ramp(2);
  std::reverse(falling.begin(), falling.end());
  EXPECT_EQ(difference_hash(view("L", falling)), 0U);
}

TEST(DifferenceHash, CountsAllRowsOfATallPicture) {
  // Of each cell the upper rows say the opposite of the lower ones, which are more and brighter.
  constexpr std::size_t kTall = 8 * 1000;
  const std::array<std::uint8_t, 9> above{250, 249, 247, 244, 240, 235, 229, 222, 214};
  const std::array<std::uint8_t, 9> below{200, 203, 207, 212, 218, 225, 233, 242, 252};
  std::vector<std::uint8_t> samples;
  for (std::size_t y = 0; y < kTall; ++y) {
    const std::array<std::uint8_t, 9>& row = y % 1000 < 300 ? above : below;
    samples.insert(samples.end(), row.begin(), row.end());
  }
  EXPECT_EQ(difference_hash({"L", 9, kTall, std::as_bytes(std::span(samples)), {}}), ~std::uint64_t{0});
  const std::vector<std::uint8_t> rgb = tripled(samples);
  EXPECT_EQ(difference_hash({"RGB", 9, kTall, std::as_bytes(std::span(rgb)), {}}), ~std::uint64_t{0});
}

TEST(DifferenceHash, OfAPictureOfOneShadeIsNone) {
  EXPECT_EQ(difference_hash(view("L", std::vector<std::uint8_t>(kWidth * kHeight, 90))), std::nullopt);
  EXPECT_EQ(difference_hash(view("L", ramp(0.03))), std::nullopt);  // what encoding makes of one
}

TEST(DifferenceHash, TakesPicturesSmallerThanItsCells) {
  const std::vector<std::uint8_t> samples{0, 200};
  EXPECT_TRUE(difference_hash({"L", 2, 1, std::as_bytes(std::span(samples)), {}}).has_value());
}

TEST(DifferenceHash, RefusesWhatIsNeitherGreyNorRgb) {
  test::expect_error(Code::kBadArgument, {"RGB"}, [] { static_cast<void>(difference_hash(view("LA", ramp(1)))); });
}

}  // namespace
}  // namespace mi2::image
