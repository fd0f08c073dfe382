// Other colours, stains and fields of view.

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "dataset/augment/colour.hpp"
#include "dataset/augment/jitter.hpp"
#include "dataset/augment/stain.hpp"
#include "dataset/augment/view.hpp"
#include "images.hpp"

namespace mi2::dataset::testing {
namespace {

nlohmann::json expected(const char* what) {
  return nlohmann::json::parse(std::ifstream(std::filesystem::path(MI2_AUGMENT_DATA_DIR) / "expected.json")).at(what);
}

image::Raster filled(int width, int height, std::uint8_t value) {
  return {width, height, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3), value)};
}

/// Colours in steps of 5, all of them, as make_fixtures.py lists them.
image::Raster colours() {
  image::Raster image{52, 52 * 52, 3, {}};
  for (int r = 0; r < 256; r += 5) {
    for (int g = 0; g < 256; g += 5) {
      for (int b = 0; b < 256; b += 5) {
        for (const int v : {r, g, b}) image.samples.push_back(static_cast<std::uint8_t>(v));
      }
    }
  }
  return image;
}

TEST(Hue, TurnsEveryColourAsPillowAndTorchvisionDo) {
  const nlohmann::json want = expected("hues");
  ASSERT_EQ(want.size(), 6U);
  for (const auto& [turn, hash] : want.items()) {
    image::Raster image = colours();
    adjust_hue(image, std::stod(turn));
    EXPECT_EQ(fmt::format("{:016x}", fnv1a(image.samples)), hash.get<std::string>()) << turn;
  }
}

TEST(Jitter, DrawsFactorsInTheirRangeAndEveryOrder) {
  Random random({21});
  AugmentOptions options;
  options.brightness = 0.4F;
  options.saturation = 1.0F;
  options.hue = 0.1F;
  std::map<std::array<JitterOp, kJitterOps>, int> orders;
  std::array<double, kJitterOps> low{9, 9, 9, 9};
  std::array<double, kJitterOps> high{-9, -9, -9, -9};
  for (int i = 0; i < 24'000; ++i) {
    const Jitter drawn = draw_jitter(random, options);
    ++orders[drawn.order];
    for (std::size_t k = 0; k < kJitterOps; ++k) {
      low[k] = std::min(low[k], drawn.amount[k]);
      high[k] = std::max(high[k], drawn.amount[k]);
    }
  }
  ASSERT_EQ(orders.size(), 24U);
  // 1000 of each, standard deviation 31.
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, 1000, 160);
  const std::array want_low{0.6, 1.0, 0.0, -0.1};
  const std::array want_high{1.4, 1.0, 2.0, 0.1};
  for (std::size_t k = 0; k < kJitterOps; ++k) {
    EXPECT_NEAR(low[k], want_low[k], 0.002) << k;
    EXPECT_NEAR(high[k], want_high[k], 0.002) << k;
  }
}

TEST(Jitter, IsItsOperationsInItsOrder) {
  using enum JitterOp;
  const image::Raster image = fixture("wide");
  image::Raster want = image;
  adjust_hue(want, 0.2);
  adjust_contrast(want, 1.5);
  adjust_brightness(want, 0.7);
  image::Raster got = image;
  apply(Jitter{{kHue, kContrast, kSaturation, kBrightness}, {0.7, 1.5, 1.0, 0.2}}, got);
  EXPECT_EQ(got.samples, want.samples);
  image::Raster other = image;
  apply(Jitter{{kBrightness, kContrast, kSaturation, kHue}, {0.7, 1.5, 1.0, 0.2}}, other);
  EXPECT_NE(other.samples, want.samples);
  image::Raster same = image;
  apply(Jitter{}, same);
  EXPECT_EQ(same.samples, image.samples);
}

/// expected.json has the means of what numpy makes of the picture by the formula.
TEST(Stain, ChangesDensitiesByTheFormula) {
  const image::Raster image = fixture("wide");
  const nlohmann::json cases = expected("stains");
  ASSERT_EQ(cases.size(), 3U);
  for (const auto& one : cases) {
    const StainShift shift{one.at("scale").get<std::array<double, 3>>(), one.at("offset").get<std::array<double, 3>>()};
    image::Raster got = image;
    apply(shift, got);
    const auto want = one.at("means").get<std::array<double, 3>>();
    for (std::size_t c = 0; c < 3; ++c) {
      double sum = 0;
      for (std::size_t i = c; i < got.samples.size(); i += 3) sum += got.samples[i];
      // A rounding of one sample of 1,073 that falls the other way is 0.001.
      EXPECT_NEAR(sum / (static_cast<double>(got.samples.size()) / 3), want[c], 0.005) << one.dump();
    }
  }
}

TEST(Stain, OfNoChangeGivesTheSameImage) {
  const image::Raster image = colours();
  image::Raster got = image;
  apply(StainShift{}, got);
  EXPECT_EQ(got.samples, image.samples);
}

TEST(Stain, LeavesGreyImagesGrey) {
  image::Raster image = filled(5, 4, 120);
  apply(StainShift{{0.5, 1.5, 1}, {0.2, 0.1, 0}}, image);
  EXPECT_EQ(image.samples, filled(5, 4, 120).samples);
  image.samples[7] = 121;  // one coloured pixel: a stained image
  apply(StainShift{{0.5, 1.5, 1}, {0.2, 0.1, 0}}, image);
  EXPECT_NE(image.samples[0], 120);
}

TEST(Stain, DrawsWithinItsStrength) {
  Random random({22});
  double low = 9;
  double high = -9;
  double offset = 0;
  for (int i = 0; i < 2000; ++i) {
    const StainShift drawn = draw_stain(random, 0.2);
    for (std::size_t k = 0; k < 3; ++k) {
      low = std::min(low, drawn.scale[k]);
      high = std::max(high, drawn.scale[k]);
      offset = std::max(offset, std::abs(drawn.offset[k]));
    }
  }
  EXPECT_NEAR(low, 0.8, 0.002);
  EXPECT_NEAR(high, 1.2, 0.002);
  EXPECT_NEAR(offset, 0.2, 0.002);
}

TEST(RoundField, IsBlackOutsideTheCircleAndNothingElse) {
  image::Raster image = filled(40, 30, 200);
  make_round(image, 1.0);
  const auto at = [&](int x, int y) { return image.samples[static_cast<std::size_t>((y * 40 + x) * 3)]; };
  EXPECT_EQ(at(20, 15), 200);
  EXPECT_EQ(at(20, 0), 200) << "it touches the longer sides";
  EXPECT_EQ(at(0, 15), 0);
  EXPECT_EQ(at(4, 15), 0);
  EXPECT_EQ(at(6, 15), 200);
  EXPECT_EQ(at(39, 29), 0);
  // pi * 15^2 of 1200 pixels
  EXPECT_NEAR(std::ranges::count(image.samples, 200) / 3.0, 706.9, 15);
}

TEST(SmallView, HasThePictureInItsPlaceAndBlackAround) {
  const image::Raster shown = shown_in({3, 5, 10, 6}, filled(20, 24, 90));
  EXPECT_EQ(shown.width, 20);
  EXPECT_EQ(shown.height, 24);
  for (int y = 0; y < 24; ++y) {
    for (int x = 0; x < 20; ++x) {
      const bool inside = x >= 3 && x < 13 && y >= 5 && y < 11;
      ASSERT_EQ(shown.samples[static_cast<std::size_t>((y * 20 + x) * 3)], inside ? 90 : 0) << x << ' ' << y;
    }
  }
  const image::Raster whole = fixture("wide");
  EXPECT_EQ(shown_in({0, 0, whole.width, whole.height}, whole).samples, whole.samples);
}

TEST(SmallView, IsDrawnInsideWithTheShareAskedFor) {
  Random random({23});
  std::set<int> lefts;
  int least = 1000;
  for (int i = 0; i < 4000; ++i) {
    const CropBox place = draw_place(random, 100, 60, 0.5);
    ASSERT_GE(place.left, 0);
    ASSERT_GE(place.top, 0);
    ASSERT_LE(place.left + place.width, 100);
    ASSERT_LE(place.top + place.height, 60);
    ASSERT_NEAR(place.height / 60.0, place.width / 100.0, 1 / 60.0);
    least = std::min(least, place.width);
    lefts.insert(place.left);
  }
  EXPECT_EQ(least, 50);
  EXPECT_EQ(*lefts.begin(), 0);
  EXPECT_GE(*lefts.rbegin(), 48);
  const CropBox pixel = draw_place(random, 1, 1, 0.01);
  EXPECT_EQ(pixel.width * pixel.height, 1);
}

}  // namespace
}  // namespace mi2::dataset::testing
