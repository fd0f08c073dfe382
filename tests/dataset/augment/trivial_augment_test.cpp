#include "dataset/augment/trivial_augment.hpp"

#include <array>
#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "dataset/augment/crop.hpp"
#include "images.hpp"

namespace mi2::dataset::testing {
namespace {

constexpr std::array<const char*, kAugmentOps> kNames = {
    "Identity", "ShearX",   "ShearY",    "TranslateX", "TranslateY", "Rotate",       "Brightness",
    "Color",    "Contrast", "Sharpness", "Posterize",  "Solarize",   "AutoContrast", "Equalize"};

nlohmann::json expected() {
  return nlohmann::json::parse(std::ifstream(std::filesystem::path(MI2_AUGMENT_DATA_DIR) / "expected.json"));
}

bool signed_op(AugmentOp op) { return op >= AugmentOp::kShearX && op <= AugmentOp::kSharpness; }

bool without_magnitude(AugmentOp op) {
  return op == AugmentOp::kIdentity || op == AugmentOp::kAutoContrast || op == AugmentOp::kEqualize;
}

/// expected.json holds what Pillow makes of the images: make_fixtures.py.
TEST(TrivialAugment, EveryOperationAndMagnitudeEqualsPillowBitForBit) {
  const nlohmann::json want = expected().at("operations");
  std::size_t checked = 0;
  for (const char* name : {"wide", "square", "flat"}) {
    const image::Raster image = fixture(name);
    for (std::size_t op = 0; op < kAugmentOps; ++op) {
      const auto kind = static_cast<AugmentOp>(op);
      for (int bin = 0; bin < (without_magnitude(kind) ? 1 : kMagnitudes); ++bin) {
        for (const float sign : {1.0F, -1.0F}) {
          if (sign < 0 && !signed_op(kind)) continue;
          const image::Raster got = apply({kind, sign * magnitude_of(kind, bin)}, image);
          ASSERT_EQ(got.samples.size(), image.samples.size());
          const std::string key = fmt::format("{} {} {} {}", name, kNames[op], bin, sign < 0 ? '-' : '+');
          EXPECT_EQ(fmt::format("{:016x}", fnv1a(got.samples)), want.at(key).get<std::string>()) << key;
          ++checked;
        }
      }
    }
  }
  EXPECT_EQ(checked, want.size());
}

TEST(TrivialAugment, DrawsEveryOperationMagnitudeAndSignEquallyOften) {
  Random random({11});
  constexpr int kDraws = 140'000;
  std::map<AugmentOp, int> ops;
  std::map<AugmentOp, std::set<float>> magnitudes;
  int negative = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Augmentation drawn = draw_trivial_augment(random);
    ++ops[drawn.op];
    magnitudes[drawn.op].insert(drawn.magnitude);
    if (drawn.op == AugmentOp::kRotate && drawn.magnitude < 0) ++negative;
  }
  ASSERT_EQ(ops.size(), kAugmentOps);
  // 10000 of each; a binomial's standard deviation is 96, and five of them leave a good generator alone.
  for (const auto& [op, count] : ops) EXPECT_NEAR(count, 10'000, 480) << kNames[static_cast<std::size_t>(op)];
  // 30 of 31 magnitudes can be negative, half of the time: 4839, standard deviation 50.
  EXPECT_NEAR(negative, 4839, 250);
  EXPECT_EQ(magnitudes[AugmentOp::kRotate].size(), 2U * kMagnitudes - 1);
  EXPECT_EQ(magnitudes[AugmentOp::kSolarize].size(), static_cast<std::size_t>(kMagnitudes));
  EXPECT_EQ(magnitudes[AugmentOp::kPosterize].size(), 7U);
  EXPECT_EQ(magnitudes[AugmentOp::kEqualize].size(), 1U);
}

TEST(TrivialAugment, LeavesImagesOfOnePixelWhole) {
  for (std::size_t op = 0; op < kAugmentOps; ++op) {
    for (const int bin : {0, 15, 30}) {
      const image::Raster got =
          apply({static_cast<AugmentOp>(op), magnitude_of(static_cast<AugmentOp>(op), bin)}, numbered(1, 1));
      EXPECT_EQ(got.samples.size(), 3U) << kNames[op];
    }
  }
}

TEST(Crop, AndResizeEqualsPillowBitForBit) {
  const image::Raster image = fixture("wide");
  const nlohmann::json cases = expected().at("crops");
  ASSERT_FALSE(cases.empty());
  for (const auto& one : cases) {
    const auto box = one.at("box").get<std::array<int, 4>>();
    const auto size = one.at("size").get<std::array<int, 2>>();
    const image::Raster got = crop_and_resize(image, {box[0], box[1], box[2], box[3]}, size[0], size[1]);
    EXPECT_EQ(fmt::format("{:016x}", fnv1a(got.samples)), one.at("hash").get<std::string>()) << one.dump();
  }
}

}  // namespace
}  // namespace mi2::dataset::testing
