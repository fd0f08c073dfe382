#include "tensor/dtype.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::tensor {
namespace {

/// The value of a binary16 from its definition.
double half_value(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int fraction = bits & 0x3FF;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

TEST(Half, EveryValueConvertsExactly) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if ((bits & 0x7C00U) == 0x7C00U) {
      EXPECT_EQ(std::isinf(value), (bits & 0x3FFU) == 0) << bits;
      EXPECT_EQ(std::isnan(value), (bits & 0x3FFU) != 0) << bits;
    } else {
      EXPECT_EQ(static_cast<double>(value), half_value(half)) << bits;
    }
    EXPECT_EQ(std::signbit(value), bits >= 0x8000U) << bits;
  }
}

TEST(BFloat16, EveryValueSurvivesARoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    BFloat16 value;
    value.bits = static_cast<std::uint16_t>(bits);
    const auto wide = static_cast<float>(value);
    const BFloat16 again(wide);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(static_cast<float>(again))) << bits;
    } else {
      EXPECT_EQ(again.bits, bits);
    }
  }
}

TEST(BFloat16, RoundsToTheNearestAndTiesToEven) {
  const auto rounded = [](std::uint32_t bits) { return BFloat16(std::bit_cast<float>(bits)).bits; };
  for (std::uint32_t upper = 0; upper < 0x7F80U; ++upper) {
    const std::uint32_t base = upper << 16U;
    EXPECT_EQ(rounded(base | 0x7FFFU), upper);
    EXPECT_EQ(rounded(base | 0x8000U), upper + (upper & 1U)) << upper;
    EXPECT_EQ(rounded(base | 0x8001U), upper + 1);
  }
  EXPECT_EQ(rounded(0x7F7FFFFFU), 0x7F80U) << "the largest float is nearer to infinity";
  EXPECT_EQ(rounded(0xFF800000U), 0xFF80U);
}

TEST(BFloat16, KeepsANaNThatHasOnlyLowBits) {
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::bit_cast<float>(0x7F800001U)))));
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::bit_cast<float>(0xFFFFFFFFU)))));
}

TEST(ConvertToF32, ReadsUnalignedElementsOfEveryType) {
  const std::vector<float> wanted{1.0F, -2.5F, 0.0F};
  std::vector<float> found(3);
  std::vector<unsigned char> bytes(1 + 12);
  std::memcpy(bytes.data() + 1, wanted.data(), 12);
  convert_to_f32(DType::kF32, bytes.data() + 1, found.data(), 3);
  EXPECT_EQ(found, wanted);
  const std::uint16_t halves[] = {0x3C00, 0xC100, 0x0000};
  std::memcpy(bytes.data() + 1, halves, 6);
  convert_to_f32(DType::kF16, bytes.data() + 1, found.data(), 3);
  EXPECT_EQ(found, wanted);
  const std::uint16_t brains[] = {0x3F80, 0xC020, 0x0000};
  std::memcpy(bytes.data() + 1, brains, 6);
  convert_to_f32(DType::kBF16, bytes.data() + 1, found.data(), 3);
  EXPECT_EQ(found, wanted);
}

TEST(DType, SizesAreThoseOfTheElements) {
  EXPECT_EQ(size_of(DType::kF32), 4U);
  EXPECT_EQ(size_of(DType::kF16), 2U);
  EXPECT_EQ(size_of(DType::kBF16), 2U);
}

}  // namespace
}  // namespace mi2::tensor
