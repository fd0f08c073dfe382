// Where tissue is.

#include <array>

#include <gtest/gtest.h>

#include "slide/fake_pyramid.hpp"
#include "slide/tissue.hpp"
#include "support/expect_error.hpp"

namespace mi2::slide {
namespace {

using testing::Colour;
using testing::FakePyramid;

constexpr Colour kGlass = {244, 243, 245};
constexpr Colour kStain = {190, 100, 160};

Level level_of(std::uint64_t width, std::uint64_t height, std::uint64_t block) {
  return {width, height, block, block, {0.5, 0.5}};
}

TEST(Saturation, IsThatOfHsvButNoneOfBlack) {
  EXPECT_EQ(saturation(255, 255, 255), 0);
  EXPECT_EQ(saturation(255, 0, 0), 255);
  EXPECT_EQ(saturation(200, 100, 150), 127);
  EXPECT_EQ(saturation(9, 0, 3), 0);
}

TEST(Otsu, PartsTwoHills) {
  std::array<std::uint64_t, 256> histogram{};
  EXPECT_EQ(otsu(histogram), 0U);
  for (const std::size_t i : {8U, 9U, 10U, 11U, 12U}) histogram.at(i) = 1000;
  for (const std::size_t i : {118U, 119U, 120U, 121U}) histogram.at(i) = 200;
  EXPECT_GE(otsu(histogram), 12U);
  EXPECT_LT(otsu(histogram), 118U);
}

/// Stain in the left upper quarter.
FakePyramid quarter(std::vector<Level> levels) {
  const std::uint64_t x_end = levels[0].width / 2;
  const std::uint64_t y_end = levels[0].height / 2;
  return {std::move(levels),
          [=](std::uint64_t x, std::uint64_t y) { return x < x_end && y < y_end ? kStain : kGlass; }};
}

TEST(TissueMask, SaysWhichPartsHaveTissue) {
  const Level level = level_of(300, 200, 64);
  const FakePyramid slide = quarter({level});
  const TissueMask mask(slide, "test");
  EXPECT_EQ(mask.in(level, {0, 0, 150, 100}), 1.0);
  EXPECT_EQ(mask.in(level, {150, 0, 150, 200}), 0.0);
  EXPECT_EQ(mask.in(level, {0, 100, 300, 100}), 0.0);
  EXPECT_NEAR(mask.in(level, {100, 0, 100, 100}), 0.5, 0.02);
  EXPECT_NEAR(mask.in(level, {0, 0, 300, 200}), 0.25, 0.01);
  // What reaches over the slide counts as far as it is inside.
  EXPECT_EQ(mask.in(level, {140, 90, 10, 10}), 1.0);
  EXPECT_EQ(mask.in(level, {288, 192, 96, 96}), 0.0);
}

TEST(TissueMask, LooksAtTheFinestLevelOfFewPixelsEachBlockOnce) {
  const Level finest = level_of(8192, 4096, 256);
  const Level low = level_of(2048, 1024, 256);
  const Level lowest = level_of(512, 256, 256);
  const FakePyramid slide = quarter({finest, low, lowest});
  const TissueMask mask(slide, "test");
  EXPECT_EQ(slide.read_blocks.size(), 8U * 4);
  EXPECT_EQ(mask.in(finest, {0, 0, 4096, 2048}), 1.0);
  EXPECT_EQ(mask.in(finest, {4096, 0, 4096, 2048}), 0.0);
  EXPECT_EQ(mask.in(low, {0, 0, 1024, 512}), 1.0);
}

TEST(TissueMask, ALargeSlideOfOneLevelIsSeenAsCells) {
  const Level level = level_of(2500, 2000, 500);  // 5 million pixels
  const FakePyramid slide = quarter({level});
  const TissueMask mask(slide, "test");
  EXPECT_EQ(slide.read_blocks.size(), 5U * 4);
  EXPECT_EQ(mask.in(level, {0, 0, 1250, 1000}), 1.0);
  EXPECT_EQ(mask.in(level, {1250, 1000, 1250, 1000}), 0.0);
  EXPECT_NEAR(mask.in(level, {1010, 0, 480, 480}), 0.5, 0.02);
}

TEST(TissueMask, PartsThatAreNotThereHaveNone) {
  const Level level = level_of(400, 400, 100);
  FakePyramid slide({level}, [](std::uint64_t, std::uint64_t) { return kStain; });
  slide.missing = [](std::uint64_t column, std::uint64_t) { return column != 1; };
  const TissueMask mask(slide, "test");
  EXPECT_EQ(mask.in(level, {0, 0, 100, 400}), 0.0);
  EXPECT_EQ(mask.in(level, {200, 0, 200, 400}), 0.0);
}

TEST(TissueMask, NoiseOfGlassIsNone) {
  const Level level = level_of(400, 400, 100);
  const FakePyramid slide({level}, [](std::uint64_t x, std::uint64_t y) {
    const auto noise = static_cast<std::uint8_t>((x * 7 + y * 13) % 11);
    return Colour{static_cast<std::uint8_t>(240 + noise), 244, static_cast<std::uint8_t>(250 - noise)};
  });
  EXPECT_EQ(TissueMask(slide, "test").in(level, {0, 0, 400, 400}), 0.0);
}

TEST(TissueMask, BlocksTooSmallAreRefusedBeforeMemoryIsTaken) {
  const FakePyramid slide = quarter({level_of(4'000'000'000, 4'000'000'000, 1)});
  test::expect_error(Code::kTooLarge, {"too small to look for tissue", "--tiles all"},
                     [&] { TissueMask(slide, "test"); });
}

}  // namespace
}  // namespace mi2::slide
