// Shading by levels, as images of many samples are, against shading sample by sample.

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "builder.hpp"
#include "dicom/levels.hpp"
#include "image/intensity.hpp"

namespace mi2::dicom {
namespace {

using testing::Dataset;
using testing::kPixels;
using testing::picture;
using testing::pixels;

constexpr std::uint16_t kRows = 40;
constexpr std::uint16_t kColumns = 50;

struct Depth {
  std::uint16_t stored;
  std::uint16_t high_bit;
  bool is_signed;
};

Dataset object(std::uint16_t rows, std::uint16_t columns, const Depth& depth, const std::vector<std::uint16_t>& words) {
  return picture("MONOCHROME2", rows, columns, 16)
      .us(0x00280101, {depth.stored})
      .us(0x00280102, {depth.high_bit})
      .us(0x00280103, {static_cast<std::uint16_t>(depth.is_signed ? 1 : 0)})
      .text(0x00281052, "DS", "-7.5")
      .text(0x00281053, "DS", "-2.25")
      .us(0x60000102, {1})  // what is not stored is an overlay
      .words(kPixels, words);
}

/// Values near zero on both sides of it, and whatever there is in the bits that are not stored.
std::vector<std::uint16_t> some_words(const Depth& depth) {
  std::mt19937 random(depth.stored);
  const unsigned shift = depth.high_bit + 1U - depth.stored;
  const std::uint32_t mask = (1U << depth.stored) - 1;
  std::vector<std::uint16_t> words;
  for (int i = 0; i < kRows * kColumns; ++i) {
    const std::uint32_t value = (random() % 300 + (depth.is_signed ? mask - 150 : 20)) & mask;
    words.push_back(static_cast<std::uint16_t>((random() & ~(mask << shift)) | value << shift));
  }
  return words;
}

double value_of(const Depth& depth, std::uint16_t word) {
  const std::uint32_t raw = word >> (depth.high_bit + 1U - depth.stored) & ((1U << depth.stored) - 1);
  const bool negative = depth.is_signed && (raw >> (depth.stored - 1U)) != 0;
  return static_cast<double>(raw) - (negative ? static_cast<double>(1U << depth.stored) : 0);
}

class ShadingByLevels : public ::testing::TestWithParam<Depth> {};

TEST_P(ShadingByLevels, WithAWindowGivesTheShadesOfEachSampleAlone) {
  const std::vector<std::uint16_t> words = some_words(GetParam());
  const auto windowed = [](Dataset dataset) {
    return pixels(dataset.text(0x00281050, "DS", "-40.5").text(0x00281051, "DS", "333"));
  };
  const std::vector<std::uint8_t> all = windowed(object(kRows, kColumns, GetParam(), words));
  const auto lowest = static_cast<std::uint16_t>(1U << GetParam().high_bit);
  for (std::size_t i = 0; i < words.size(); i += 37) {
    // Two samples with more levels than that between them: these are not taken by levels.
    const auto pair = windowed(object(1, 2, GetParam(), {words[i], static_cast<std::uint16_t>(words[i] ^ lowest)}));
    ASSERT_EQ(all[i], pair[0]) << "sample " << i;
  }
}

TEST_P(ShadingByLevels, WithoutAWindowGivesTheShadesOfTheValues) {
  const std::vector<std::uint16_t> words = some_words(GetParam());
  std::vector<float> values;
  for (const std::uint16_t word : words) values.push_back(static_cast<float>(value_of(GetParam(), word) * -2.25 - 7.5));
  const Options options;
  EXPECT_EQ(pixels(object(kRows, kColumns, GetParam(), words)),
            image::to_8bit(std::span<const float>(values), options.fallback));
}

TEST(ShadingByLevelsOfBytes, GivesTheShadesOfEachSampleAlone) {
  std::string bytes;
  for (int i = 0; i < kRows * kColumns; ++i) bytes += static_cast<char>(i * 7 % 251);
  const auto windowed = [](std::uint16_t rows, std::uint16_t columns, std::string samples) {
    return pixels(picture("MONOCHROME2", rows, columns, 8)
                      .text(0x00281050, "DS", "100")
                      .text(0x00281051, "DS", "90")
                      .put(kPixels, "OB", std::move(samples)));
  };
  const std::vector<std::uint8_t> all = windowed(kRows, kColumns, bytes);
  for (std::size_t i = 0; i < all.size(); i += 53) {
    const auto far = static_cast<char>(static_cast<std::uint8_t>(bytes[i]) ^ 0x80U);
    ASSERT_EQ(all[i], windowed(1, 2, {bytes[i], far})[0]) << "sample " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, ShadingByLevels,
                         ::testing::Values(Depth{16, 15, false}, Depth{16, 15, true}, Depth{12, 11, false},
                                           Depth{12, 11, true}, Depth{12, 14, true}, Depth{10, 15, false}));

}  // namespace
}  // namespace mi2::dicom
