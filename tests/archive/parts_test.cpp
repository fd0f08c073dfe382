// What the exact search is made of: directions, inner products, bits of rows.

#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/scan/bitmap.hpp"
#include "archive/scan/scan.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive::scan {
namespace {

TEST(Combine, SumsDirectionsByTheirWeights) {
  const std::vector<float> x{2, 0, 0};
  const std::vector<float> y{0, 5, 0};
  const std::vector<float> both = combine(std::vector<Part>{{x, 1}, {y, 1}});
  EXPECT_THAT(both,
              ::testing::ElementsAre(::testing::FloatEq(std::sqrt(0.5F)), ::testing::FloatEq(std::sqrt(0.5F)), 0));
  const std::vector<float> away = combine(std::vector<Part>{{x, 3}, {y, -4}});
  EXPECT_THAT(away, ::testing::ElementsAre(::testing::FloatEq(0.6F), ::testing::FloatEq(-0.8F), 0));
}

TEST(Combine, WhatHasNoDirectionIsRefused) {
  const std::vector<float> x{2, 0};
  const std::vector<float> zero{0, 0};
  const std::vector<float> nan{std::numeric_limits<float>::quiet_NaN(), 0};
  const std::vector<float> three{1, 0, 0};
  const auto refused = [](const std::vector<Part>& parts) {
    test::expect_error(Code::kBadArgument, {"query"}, [&] { combine(parts); });
  };
  refused({});
  refused({{x, 1}, {x, -1}});
  refused({{x, 0}});
  refused({{zero, 1}});
  refused({{nan, 1}});
  refused({{x, std::numeric_limits<double>::infinity()}});
  refused({{x, 1}, {three, 1}});
}

TEST(InnerProduct, IsTheSumInF64) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{1000}}) {
    std::vector<float> a(size);
    std::vector<float> b(size);
    for (float& value : a) value = normal(random);
    for (float& value : b) value = normal(random);
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    EXPECT_NEAR(inner_product(a, b), sum, 1e-14 * static_cast<double>(size));
  }
}

TEST(Bitmap, GivesSixtyFourBitsFromAnywhere) {
  Bitmap bits(130);
  for (const std::size_t row : {std::size_t{0}, std::size_t{63}, std::size_t{64}, std::size_t{129}}) bits.set(row);
  for (std::size_t first = 0; first < 200; ++first) {
    for (std::size_t i = 0; i < 64; ++i) {
      const bool wanted = first + i < 130 && bits.test(first + i);
      EXPECT_EQ((bits.bits_from(first) >> i & 1) != 0, wanted) << first << " " << i;
    }
  }
  EXPECT_EQ(bits.count(), 4U);
  EXPECT_EQ(Bitmap(130, true).count(), 130U);
  EXPECT_EQ(Bitmap(128, true).count(), 128U);
}

}  // namespace
}  // namespace mi2::archive::scan
