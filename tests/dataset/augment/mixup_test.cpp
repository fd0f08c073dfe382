// Mixup and CutMix of a batch.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "dataset/augment/mixup.hpp"

namespace mi2::dataset::testing {
namespace {

AugmentOptions mixing(float mixup, float cutmix) {
  AugmentOptions options;
  options.mixup_probability = 1;
  options.mixup_alpha = mixup;
  options.cutmix_alpha = cutmix;
  return options;
}

/// How many of 20,000 batches are mixed, how many by CutMix, and the mean square of lambda's distance from 1/2.
struct Drawn {
  static constexpr int kDraws = 20'000;
  int mixed = 0;
  int cut = 0;
  double spread = 0;
};

Drawn draw(const AugmentOptions& options) {
  Random random({8});
  Drawn drawn;
  for (int i = 0; i < Drawn::kDraws; ++i) {
    const auto mixup = draw_mixup(random, 2, 40, 30, options);
    if (!mixup) continue;
    ++drawn.mixed;
    drawn.cut += mixup->box ? 1 : 0;
    drawn.spread += std::pow(double{mixup->lambda} - 0.5, 2);
  }
  drawn.spread /= drawn.mixed;
  return drawn;
}

TEST(Mixup, BlendsNeighboursByLambda) {
  std::vector<float> pixels = {0, 0, 4, 10, 20, 8, 7, 7, 7};
  mix(pixels, 1, 1, {0.75F, {1, 0, 2}, {}});
  EXPECT_EQ(pixels, (std::vector<float>{2.5F, 5.0F, 5.0F, 7.5F, 15.0F, 7.0F, 7, 7, 7}));
}

TEST(Mixup, PairsNeighboursAndLeavesAnOddLastOneAlone) {
  Random random({7});
  for (const AugmentOptions& options : {mixing(0.8F, 0), mixing(0, 1)}) {
    const auto mixup = draw_mixup(random, 5, 8, 8, options);
    ASSERT_TRUE(mixup.has_value());
    EXPECT_EQ(mixup->partner, (std::vector<std::size_t>{1, 0, 3, 2, 4}));
  }
}

TEST(Mixup, KeepsToItsProbabilityAndDistribution) {
  AugmentOptions options = mixing(0.4F, 0);
  options.mixup_probability = 0.3F;
  const Drawn drawn = draw(options);
  EXPECT_NEAR(drawn.mixed, 6000, 330);           // standard deviation 65
  EXPECT_NEAR(drawn.spread, 0.25 / 1.8, 0.005);  // the variance of Beta(0.4, 0.4); five standard errors
  EXPECT_EQ(drawn.cut, 0);
  Random random({8});
  EXPECT_FALSE(draw_mixup(random, 2, 8, 8, mixing(0, 0)).has_value());
}

TEST(CutMix, HasItsShareOfTheMixedBatches) {
  AugmentOptions options = mixing(0.4F, 1);
  options.cutmix_share = 0.25F;
  EXPECT_NEAR(draw(options).cut, 5000, 310);  // standard deviation 61
  options.cutmix_share = 0;
  EXPECT_EQ(draw(options).cut, 0);
  // Where only one of the two is on there is nothing to share.
  EXPECT_EQ(draw(mixing(0, 1)).cut, Drawn::kDraws);
}

/// expected.json holds what numpy makes of the rule of timm's Mixup: make_fixtures.py.
TEST(CutMix, BoxAreaAndPixelsEqualNumpys) {
  const nlohmann::json expected =
      nlohmann::json::parse(std::ifstream(std::filesystem::path(MI2_AUGMENT_DATA_DIR) / "expected.json"));
  const nlohmann::json& cases = expected.at("cutmix");
  ASSERT_GE(cases.size(), 40U);
  for (const nlohmann::json& want : cases) {
    const int width = want.at("width").get<int>();
    const int height = want.at("height").get<int>();
    const auto centre = want.at("centre").get<std::vector<int>>();
    const CropBox box = cutmix_box(want.at("drawn").get<double>(), width, height, centre[0], centre[1]);
    EXPECT_EQ((std::vector<int>{box.left, box.top, box.width, box.height}), want.at("box").get<std::vector<int>>())
        << want;
    // Three images whose samples are numbered through: what is at a place says where it came from.
    std::vector<float> pixels(static_cast<std::size_t>(3 * width * height * 3));
    std::iota(pixels.begin(), pixels.end(), 0.0F);
    mix(pixels, width, height, {0.5F, {1, 0, 2}, box});
    std::vector<double> sums;
    const auto size = static_cast<std::ptrdiff_t>(pixels.size() / 3);
    for (std::ptrdiff_t image = 0; image < 3; ++image) {
      double sum = 0;
      for (std::ptrdiff_t k = 0; k < size; ++k) {
        sum += static_cast<double>((k + 1)) * double{pixels[static_cast<std::size_t>(image * size + k)]};
      }
      sums.push_back(sum);
    }
    EXPECT_EQ(sums, want.at("sums").get<std::vector<double>>()) << want;
  }
}

TEST(CutMix, LambdaIsTheAreaThatIsLeftAndFollowsTheBatchsRandomNumbers) {
  for (std::uint64_t batch = 0; batch < 500; ++batch) {
    Random random({1, batch});
    const auto mixup = draw_mixup(random, 4, 24, 16, mixing(0, 1));
    ASSERT_TRUE(mixup && mixup->box);
    const CropBox& box = *mixup->box;
    ASSERT_TRUE(box.left >= 0 && box.top >= 0 && box.left + box.width <= 24 && box.top + box.height <= 16);
    EXPECT_EQ(mixup->lambda, static_cast<float>(1 - box.width * box.height / (24.0 * 16)));
    Random again({1, batch});
    const auto same = draw_mixup(again, 2, 24, 16, mixing(0, 1));
    // Of a share of the batch, too.
    EXPECT_EQ(same->lambda, mixup->lambda);
    EXPECT_EQ(same->box->left, box.left);
    EXPECT_EQ(same->box->top, box.top);
  }
}

}  // namespace
}  // namespace mi2::dataset::testing
