// Tiles as frames.

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slide/fake_pyramid.hpp"
#include "slide/tiled_source.hpp"
#include "support/expect_error.hpp"

namespace mi2::slide {
namespace {

using testing::Colour;
using testing::FakePyramid;

Colour place(std::uint64_t x, std::uint64_t y) {
  return {static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y), 200};
}

Options options_of(std::uint64_t size, SlideOptions choice) {
  Options options;
  options.choice = choice;
  options.tile_width = options.tile_height = size;
  return options;
}

constexpr SlideOptions kFinest = {0U, std::nullopt, SlideOptions::Tiles::kAll};

std::unique_ptr<FakePyramid> slide_of(std::uint64_t width, std::uint64_t height, std::uint64_t block) {
  const Level level = {width, height, block, block, {0.5, 0.5}};
  return std::make_unique<FakePyramid>(std::vector<Level>{level}, place);
}

TEST(TiledSource, TilesGoRowByRowAndTheLastArePaddedWithWhite) {
  const auto source = tiles_of(slide_of(50, 30, 16), options_of(20, kFinest), "test");
  ASSERT_EQ(source->frames(), 6U);
  EXPECT_EQ(source->middle(), 3U);
  for (std::uint64_t i = 0; i < 6; ++i) {
    const image::Image tile = source->read(i);
    ASSERT_EQ(tile.width, 20);
    ASSERT_EQ(tile.height, 20);
    for (std::uint64_t y = 0; y < 20; ++y) {
      for (std::uint64_t x = 0; x < 20; ++x) {
        const std::uint64_t at_x = i % 3 * 20 + x;
        const std::uint64_t at_y = i / 3 * 20 + y;
        const bool inside = at_x < 50 && at_y < 30;
        const std::uint8_t* const pixel = tile.samples.data() + (y * 20 + x) * 3;
        ASSERT_EQ(pixel[0], inside ? at_x : 255) << i << ' ' << x << ' ' << y;
        ASSERT_EQ(pixel[1], inside ? at_y : 255);
      }
    }
  }
}

TEST(TiledSource, OnlyTheBlocksUnderATileAreDecoded) {
  auto slide = slide_of(500, 300, 50);
  const FakePyramid& blocks = *slide;
  const auto source = tiles_of(std::move(slide), options_of(60, kFinest), "test");
  EXPECT_TRUE(blocks.read_blocks.empty());
  static_cast<void>(source->read(0));
  EXPECT_EQ(blocks.read_blocks.size(), 4U);
}

TEST(TiledSource, SaysWhereATileLiesInPixelsOfTheFinestLevel) {
  auto slide = std::make_unique<FakePyramid>(
      std::vector<Level>{{400, 200, 50, 50, {0.25, 0.25}}, {100, 50, 50, 50, {1, 1}}}, place);
  const auto source =
      tiles_of(std::move(slide), options_of(20, {std::nullopt, 1.5, SlideOptions::Tiles::kAll}), "test");
  EXPECT_EQ(source->frames(), 4U * 2);
  const TilePlace place_of = source->info(5).tile.value();
  EXPECT_EQ(place_of, (TilePlace{1, 120, 120, 120, 120, 1.5}));
  EXPECT_EQ(source->info(5).frames, 8U);
}

TEST(TiledSource, WarningsOfTheSlideAndItsProfileAreEveryTiles) {
  auto slide = slide_of(50, 30, 16);
  slide->warn("focal_planes: 3");
  slide->set_profile(std::vector<std::byte>(300, std::byte{1}));
  const auto source = tiles_of(std::move(slide), options_of(20, kFinest), "test");
  EXPECT_THAT(source->read(2).warnings,
              ::testing::ElementsAre("focal_planes: 3", ::testing::HasSubstr("icc_profile: ")));
}

TEST(TiledSource, MorePixelsOrTilesThanAllowedAreRefused) {
  Options options = options_of(20, kFinest);
  options.max_pixels = 399;
  test::expect_error(Code::kTooLarge, {"20 x 20", "399"}, [&] { tiles_of(slide_of(50, 30, 16), options, "test"); });
  test::expect_error(Code::kTooLarge, {"tiles, the limit is 16777216"},
                     [] { tiles_of(slide_of(4'000'000'000, 4'000'000'000, 256), options_of(20, kFinest), "test"); });
}

TEST(TiledSource, ATileIsClaimedBeforeItIsRead) {
  Options options = options_of(20, kFinest);
  std::uint64_t claimed = 0;
  options.claim = [&](std::uint64_t pixels) { claimed += pixels; };
  const auto source = tiles_of(slide_of(50, 30, 16), options, "test");
  static_cast<void>(source->read(0));
  EXPECT_EQ(claimed, 400U);
}

TEST(TiledSource, ATileThatThereIsNotIsRefused) {
  const auto source = tiles_of(slide_of(50, 30, 16), options_of(20, kFinest), "test");
  test::expect_error(Code::kBadArgument, {"1 to 6", "got 7"}, [&] { return source->read(6); });
}

TEST(Levels, ThatAreOfOtherShapesAreRefused) {
  const Level finest = {1000, 800, 64, 64, {}};
  EXPECT_TRUE(same_shape(finest, {501, 400, 64, 64, {}}));
  EXPECT_TRUE(same_shape(finest, {31, 25, 64, 64, {}}));
  EXPECT_FALSE(same_shape(finest, {400, 500, 64, 64, {}}));
  test::expect_error(Code::kBadFile, {"400 x 500 after 1000 x 800"}, [&] {
    check_levels({finest, {400, 500, 64, 64, {}}}, "test");
  });
  test::expect_error(Code::kBadFile, {"1000 x 800 after 1000 x 800"}, [&] { check_levels({finest, finest}, "test"); });
}

}  // namespace
}  // namespace mi2::slide
