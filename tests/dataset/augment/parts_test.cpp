// Crops, flips and erasing, each on its own.

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "dataset/augment/augmenter.hpp"
#include "dataset/augment/crop.hpp"
#include "dataset/augment/erase.hpp"
#include "dataset/augment/flip.hpp"
#include "images.hpp"
#include "support/expect_error.hpp"

namespace mi2::dataset::testing {
namespace {

TEST(DrawCrop, StaysInsideWithTheAreaAndShapeAskedFor) {
  Random random({1});
  double area = 0;
  double left = 0;
  double top = 0;
  double free_width = 0;
  double free_height = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const CropBox box = draw_crop(random, 400, 300, {});
    ASSERT_GE(box.left, 0);
    ASSERT_GE(box.top, 0);
    ASSERT_LE(box.left + box.width, 400);
    ASSERT_LE(box.top + box.height, 300);
    const double share = box.width * box.height / 120'000.0;
    const double ratio = static_cast<double>(box.width) / box.height;
    // Sides are rounded to whole pixels: up to 0.5 / 300 of each.
    ASSERT_GE(share, 0.8 * 0.995);
    ASSERT_GE(ratio, 0.75 * 0.995);
    ASSERT_LE(ratio, 4.0 / 3 * 1.005);
    area += share;
    left += box.left;
    top += box.top;
    free_width += 400 - box.width;
    free_height += 300 - box.height;
  }
  // Larger areas fit with fewer shapes, so that the mean lies below the middle, 0.9.
  EXPECT_GT(area / kDraws, 0.84);
  EXPECT_LT(area / kDraws, 0.9);
  // On the average in the middle; five standard errors.
  EXPECT_NEAR(left / free_width, 0.5, 0.015);
  EXPECT_NEAR(top / free_height, 0.5, 0.015);
}

TEST(DrawCrop, FallsBackToTheLargestCentredBoxWhenNoShapeFits) {
  Random random({2});
  // No crop of 80 % of a strip is as short as 4 : 3.
  const CropBox wide = draw_crop(random, 1000, 30, {});
  EXPECT_EQ(wide.height, 30);
  EXPECT_EQ(wide.width, 40);
  EXPECT_EQ(wide.left, 480);
  const CropBox tall = draw_crop(random, 30, 1000, {});
  EXPECT_EQ(tall.width, 30);
  EXPECT_EQ(tall.height, 40);
  EXPECT_EQ(tall.top, 480);
}

TEST(DrawCrop, OfScaleOneIsTheWholeImage) {
  Random random({3});
  AugmentOptions options;
  options.scale_min = 1;
  const CropBox box = draw_crop(random, 1000, 30, options);
  EXPECT_EQ(box.left, 0);
  EXPECT_EQ(box.top, 0);
  EXPECT_EQ(box.width, 1000);
  EXPECT_EQ(box.height, 30);
}

TEST(DrawCrop, WorksOnOnePixel) {
  Random random({4});
  for (int i = 0; i < 100; ++i) {
    const CropBox box = draw_crop(random, 1, 1, {});
    EXPECT_EQ(box.width * box.height, 1);
  }
}

TEST(Flip, MirrorsOddAndEvenSizes) {
  for (const auto& [width, height] : {std::array{5, 4}, std::array{4, 5}, std::array{1, 1}}) {
    const image::Raster image = numbered(width, height);
    image::Raster across = image;
    flip_horizontally(across);
    image::Raster down = image;
    flip_vertically(down);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) {
          const auto at = [c, w = width](int row, int column) {
            return static_cast<std::size_t>((row * w + column) * 3 + c);
          };
          EXPECT_EQ(across.samples[at(y, x)], image.samples[at(y, width - 1 - x)]);
          EXPECT_EQ(down.samples[at(y, x)], image.samples[at(height - 1 - y, x)]);
        }
      }
    }
  }
}

TEST(DrawErasing, KeepsToItsProbabilityAreaAndShape) {
  Random random({6});
  int erased = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    const auto box = draw_erasing(random, 128, 96, 0.25);
    if (!box) continue;
    ++erased;
    ASSERT_GE(box->left, 0);
    ASSERT_GE(box->top, 0);
    ASSERT_LE(box->left + box->width, 128);
    ASSERT_LE(box->top + box->height, 96);
    const double share = box->width * box->height / (128.0 * 96);
    // Rounding of sides of at least 8 pixels: at most 7 % each.
    ASSERT_GE(share, 0.02 * 0.86);
    ASSERT_LE(share, 0.33 * 1.03);
    const double ratio = static_cast<double>(box->height) / box->width;
    ASSERT_GE(ratio, 0.3 * 0.9);
    ASSERT_LE(ratio, 3.3 * 1.1);
  }
  // 5000; standard deviation 61. Boxes that never fit are too rare to show.
  EXPECT_NEAR(erased, 5000, 310);
  EXPECT_FALSE(draw_erasing(random, 128, 96, 0).has_value());
}

TEST(Erase, SetsTheBoxToZeroAndNothingElse) {
  std::vector<float> pixels(7 * 5 * 3, 1.0F);
  erase(pixels, 7, {2, 1, 3, 2});
  EXPECT_EQ(std::count(pixels.begin(), pixels.end(), 0.0F), 3 * 2 * 3);
  for (int y = 1; y < 3; ++y) {
    for (int x = 2; x < 5; ++x) EXPECT_EQ(pixels[static_cast<std::size_t>((y * 7 + x) * 3)], 0.0F);
  }
}

InputFormat format(int width, int height) { return {width, height, {0.5F, 0.4F, 0.3F}, {0.25F, 0.2F, 0.1F}}; }

AugmentOptions nothing() {
  AugmentOptions options;
  options.scale_min = 1;
  options.trivial_augment = false;
  options.erase_probability = 0;
  return options;
}

TEST(Augmenter, WithEverythingOffIsTheUnaugmentedImage) {
  const Augmenter augmenter(format(20, 24), nothing());
  const image::Raster image = fixture("wide");
  std::vector<float> plain(20 * 24 * 3);
  std::vector<float> augmented = plain;
  augmenter.plain(image, plain);
  Random random({9});
  augmenter.augmented(image, random, augmented);
  EXPECT_EQ(plain, augmented);
}

TEST(Augmenter, NormalisesByChannelAndTriplesGrey) {
  const Augmenter augmenter(format(2, 1), nothing());
  std::vector<float> pixels(6);
  augmenter.plain({2, 1, 1, {0, 255}}, pixels);
  const std::vector<float> want = {(0.0F - 0.5F) / 0.25F, (0.0F - 0.4F) / 0.2F, (0.0F - 0.3F) / 0.1F,
                                   (1.0F - 0.5F) / 0.25F, (1.0F - 0.4F) / 0.2F, (1.0F - 0.3F) / 0.1F};
  EXPECT_EQ(pixels, want);
}

TEST(Augmenter, UsesEachAugmentationThatIsOn) {
  const image::Raster image = fixture("wide");
  std::vector<float> plain(20 * 24 * 3);
  Augmenter(format(20, 24), nothing()).plain(image, plain);
  const auto changes = [&](const AugmentOptions& options) {
    int count = 0;
    const Augmenter augmenter(format(20, 24), options);
    for (std::uint64_t i = 0; i < 200; ++i) {
      Random random({i});
      std::vector<float> pixels(plain.size());
      augmenter.augmented(image, random, pixels);
      count += pixels != plain ? 1 : 0;
    }
    return count;
  };
  AugmentOptions options = nothing();
  options.horizontal_flip = 0.5F;
  EXPECT_NEAR(changes(options), 100, 35);
  options = nothing();
  options.vertical_flip = 0.5F;
  EXPECT_NEAR(changes(options), 100, 35);
  options = nothing();
  options.erase_probability = 0.5F;
  EXPECT_NEAR(changes(options), 100, 35);
  options = nothing();
  options.jitter_probability = 0.5F;
  EXPECT_EQ(changes(options), 0) << "by nothing";
  options.contrast = 0.5F;
  EXPECT_NEAR(changes(options), 100, 35);
  options = nothing();
  options.stain_probability = 0.5F;
  options.stain = 0.2F;
  EXPECT_NEAR(changes(options), 100, 35);
  options = nothing();
  options.round_probability = 0.5F;
  EXPECT_NEAR(changes(options), 100, 35);
  options = nothing();
  options.small_probability = 0.5F;
  EXPECT_NEAR(changes(options), 100, 35);
  options = nothing();
  options.trivial_augment = true;
  EXPECT_GT(changes(options), 150);  // identity, or no magnitude
  options = nothing();
  options.scale_min = 0.8F;
  EXPECT_GT(changes(options), 150);  // now and then the crop of so small an image is all of it
}

TEST(Augmenter, RefusesOptionsOutOfRange) {
  const auto refused = [](const std::string& word, auto&& change) {
    AugmentOptions options;
    change(options);
    test::expect_error(Code::kBadArgument, {word}, [&] { Augmenter(format(8, 8), options); });
  };
  refused("scale_min", [](AugmentOptions& o) { o.scale_min = 0; });
  refused("scale_max", [](AugmentOptions& o) { o.scale_max = 0.5F; });
  refused("ratio_min", [](AugmentOptions& o) { o.ratio_min = 0; });
  refused("ratio_max", [](AugmentOptions& o) { o.ratio_max = 0.5F; });
  refused("erase_probability", [](AugmentOptions& o) { o.erase_probability = 1.5F; });
  refused("erase_probability", [](AugmentOptions& o) { o.erase_probability = NAN; });
  refused("horizontal_flip", [](AugmentOptions& o) { o.horizontal_flip = -0.1F; });
  refused("jitter_probability", [](AugmentOptions& o) { o.jitter_probability = 2; });
  refused("saturation", [](AugmentOptions& o) { o.saturation = 1.5F; });
  refused("hue", [](AugmentOptions& o) { o.hue = 0.6F; });
  refused("stain", [](AugmentOptions& o) { o.stain = NAN; });
  refused("small_least", [](AugmentOptions& o) { o.small_least = 0; });
  refused("mixup_alpha", [](AugmentOptions& o) { o.mixup_alpha = -1; });
  refused("cutmix_alpha", [](AugmentOptions& o) { o.cutmix_alpha = 101; });
  refused("cutmix_share", [](AugmentOptions& o) { o.cutmix_share = 1.5F; });
  test::expect_error(Code::kBadArgument, {"0 x 8"}, [] { Augmenter(format(0, 8), AugmentOptions()); });
}

}  // namespace
}  // namespace mi2::dataset::testing
