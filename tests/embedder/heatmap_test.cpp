// Maps of where in an image something is, what is drawn of them, and regions that are searched for.

#include "embedder/heatmap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "embedder/heatmap_picture.hpp"
#include "embedder/region.hpp"
#include "image/png.hpp"
#include "support/distance.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

namespace mi2::embedder {
namespace {

using test::expect_error;

const Embedder& starter() {
  static const Embedder embedder = Embedder::open(test::starter_model());
  return embedder;
}

/// A gradient in colour, as a PNG and decoded.
image::Raster gradient(int width, int height) {
  image::Raster raster{width, height, 3, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 5, y * 7, (x + y) * 3}) raster.samples.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return raster;
}

Pixels pixels_of(const image::Raster& raster) { return starter().prepare(image::encode_png(raster), "gradient"); }

/// A map of 2 x 2 cells over a picture of 40 x 20.
struct Made {
  Patches patches;
  Heatmap map{{0.1F, 0.2F, 0.3F, 0.4F}, 0.1F, 0.4F, 0.25F};
  image::Raster picture{40, 20, 1, std::vector<std::uint8_t>(800, 128)};

  Made() {
    patches.width = 40;
    patches.height = 20;
    patches.x = {0, 10, 40};
    patches.y = {0, 5, 20};
  }
};

TEST(Heatmap, IsTheCosineOfEachPatchThroughTheHeadByItself) {
  const Pixels pixels = pixels_of(gradient(50, 30));
  const ImageFeatures found = starter().embed_images_and_tokens({&pixels, 1});
  const Patches patches = patches_of(starter(), pixels);
  EXPECT_EQ(patches.width, 50);
  EXPECT_EQ(patches.height, 30);
  const TokenGrid grid = starter().token_grid();
  ASSERT_EQ(patches.columns(), static_cast<std::size_t>(grid.width));
  ASSERT_EQ(patches.rows(), static_cast<std::size_t>(grid.height));
  EXPECT_TRUE(std::ranges::equal(patches.whole, found.vectors.row(0)));
  const std::vector<std::string> text{"chest x-ray"};
  const EmbeddingMatrix query = starter().embed_texts(text).vectors;
  const Heatmap map = heatmap(patches, query.row(0));
  const auto channels = static_cast<std::size_t>(grid.channels);
  for (std::size_t i = 0; i < map.cosines.size(); ++i) {
    const EmbeddingMatrix one = starter().embed_patches(found.tokens.row(0).subspan(i * channels, channels));
    const double wanted = std::inner_product(one.row(0).begin(), one.row(0).end(), query.row(0).begin(), 0.0);
    EXPECT_NEAR(map.cosines[i], wanted, 1e-6) << i;
  }
  EXPECT_EQ(map.least, *std::ranges::min_element(map.cosines));
  EXPECT_EQ(map.most, *std::ranges::max_element(map.cosines));
  EXPECT_LT(map.least, map.most);
}

TEST(Heatmap, CellsLieInTheImagesOwnPixels) {
  const Patches patches = patches_of(starter(), pixels_of(gradient(256, 64)));
  // 4 cells of 32 of the model's 128 pixels, each around its first pixel.
  EXPECT_EQ(patches.x, (std::vector<double>{0, 33, 97, 161, 256}));
  EXPECT_EQ(patches.y, (std::vector<double>{0, 8.25, 24.25, 40.25, 64}));
  EXPECT_NE(patches.resolution.find("4 x 4 cells, one per 32 x 32 of the model's 128 x 128 pixels"), std::string::npos)
      << patches.resolution;
}

TEST(Heatmap, DoesNotDependOnTheLengthOfAQueryButOnItsDirection) {
  const Patches patches = patches_of(starter(), pixels_of(gradient(40, 40)));
  std::vector<float> query = patches.whole;
  const Heatmap map = heatmap(patches, query);
  EXPECT_NEAR(map.whole, 1, 1e-6);
  for (float& number : query) number *= 4;
  EXPECT_EQ(heatmap(patches, query).cosines, map.cosines);
}

TEST(Heatmap, RefusesWhatHasNoDirectionOrOtherDimensions) {
  const Patches patches = patches_of(starter(), pixels_of(gradient(40, 40)));
  const std::vector<float> zeros(patches.whole.size());
  expect_error(Code::kBadArgument, {"length above 0"}, [&] { heatmap(patches, zeros); });
  expect_error(Code::kBadArgument, {"expected 128 numbers", "got 5"},
               [&] { heatmap(patches, std::span(zeros).first(5)); });
  expect_error(Code::kBadArgument, {"patches: expected 256 numbers"},
               [&] { static_cast<void>(starter().embed_patches(zeros)); });
  EXPECT_TRUE(starter().embed_patches({}).empty());
}

TEST(Heatmap, DrawsCellsWithTheirEdgesUnlessItIsToBeSmooth) {
  const Made made;
  const image::Raster drawn = draw_heatmap(made.patches, made.map, made.picture, false);
  ASSERT_EQ(drawn.width, 40);
  ASSERT_EQ(drawn.height, 20);
  const auto at = [](const image::Raster& raster, int x, int y) {
    const std::size_t first = (static_cast<std::size_t>(y) * 40 + static_cast<std::size_t>(x)) * 3;
    return std::array{raster.samples[first], raster.samples[first + 1], raster.samples[first + 2]};
  };
  std::set<std::array<std::uint8_t, 3>> colours;
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 40; ++x) {
      colours.insert(at(drawn, x, y));
      EXPECT_EQ(at(drawn, x, y), at(drawn, x < 10 ? 0 : 39, y < 5 ? 0 : 19)) << x << ' ' << y;
    }
  }
  EXPECT_EQ(colours.size(), 4U);
  const image::Raster smooth = draw_heatmap(made.patches, made.map, made.picture, true);
  EXPECT_EQ(at(smooth, 0, 0), at(drawn, 0, 0));  // beyond the middle of the outermost cell
  EXPECT_EQ(at(smooth, 39, 19), at(drawn, 39, 19));
  EXPECT_NE(at(smooth, 12, 0), at(smooth, 24, 0));
}

TEST(Heatmap, DrawsAFlatMapAndALargePictureSmaller) {
  Made made;
  made.map = {{0.2F, 0.2F, 0.2F, 0.2F}, 0.2F, 0.2F, 0.2F};
  made.patches.width = made.picture.width = 4096;
  made.patches.height = made.picture.height = 2;
  made.patches.x = {0, 1000, 4096};
  made.patches.y = {0, 1, 2};
  made.picture.samples.assign(8192, 128);
  const image::Raster drawn = draw_heatmap(made.patches, made.map, made.picture, false);
  EXPECT_EQ(drawn.width, 1024);
  EXPECT_EQ(drawn.height, 1);
  EXPECT_EQ(std::set<std::uint8_t>(drawn.samples.begin(), drawn.samples.end()).size(), 3U);  // one colour
}

TEST(Region, IsEmbeddedAsAFileOfItWouldBe) {
  const image::Raster whole = gradient(50, 30);
  image::Raster part{20, 12, 3, {}};
  for (std::size_t y = 6; y < 18; ++y) {
    const auto line = std::span(whole.samples).subspan((y * 50 + 7) * 3, std::size_t{20} * 3);
    part.samples.insert(part.samples.end(), line.begin(), line.end());
  }
  const Pixels cut = prepare_region(starter(), image::encode_png(whole), "whole", parse_region("7,6,20,12"));
  EXPECT_EQ(cut.samples, pixels_of(part).samples);
  EXPECT_EQ(prepare_region(starter(), image::encode_png(whole), "whole", {0, 0, 50, 30}).samples,
            pixels_of(whole).samples);
}

TEST(Region, OutsideTheImageIsRefused) {
  const std::vector<std::byte> encoded = image::encode_png(gradient(50, 30));
  const std::uint64_t huge = ~std::uint64_t{0};
  for (const Region& region : {Region{0, 0, 51, 30}, Region{0, 0, 50, 31}, Region{50, 0, 1, 1}, Region{1, 1, 50, 1},
                               Region{huge, 0, 2, 1}, Region{1, 0, huge, 1}}) {
    expect_error(Code::kBadArgument, {"whole: expected a region within its 50 x 30 pixels"},
                 [&] { prepare_region(starter(), encoded, "whole", region); });
  }
}

TEST(Region, OfNoSizeTakesMoreMemoryThanTwoImages) {
  constexpr std::uint64_t kHuge = ~std::uint64_t{0};
  EXPECT_EQ(pixels_of_cutting(1500, {7, 6, 20, 12}), 1740U);
  EXPECT_EQ(pixels_of_cutting(1500, {0, 0, 50, 30}), 3000U);
  for (const Region& region : {Region{0, 0, kHuge, 2}, Region{0, 0, 2, kHuge}, Region{0, 0, kHuge, kHuge}}) {
    EXPECT_EQ(pixels_of_cutting(1500, region), 3000U);
  }
}

TEST(Region, IsWrittenAsItIsRead) {
  EXPECT_EQ(to_string(parse_region("0,20,300,240")), "0,20,300,240");
  for (const char* text : {"", "1,2,3", "1,2,3,4,5", "1,2,0,4", "1,2,3,0", "-1,2,3,4", "1,2,3,x", "1 ,2,3,4",
                           "1,2,3,4,", "99999999999999999999,0,1,1", "1.5,2,3,4"}) {
    expect_error(Code::kBadArgument, {"region: expected X,Y,WIDTH,HEIGHT"}, [&] { parse_region(text); });
  }
}

}  // namespace
}  // namespace mi2::embedder
