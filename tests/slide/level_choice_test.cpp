// Which level a resolution is read from.

#include <vector>

#include <gtest/gtest.h>

#include "slide/level_choice.hpp"
#include "support/expect_error.hpp"

namespace mi2::slide {
namespace {

const std::vector<Level> kLevels = {
    {8000, 4000, 256, 256, {0.25, 0.25}}, {2000, 1000, 256, 256, {1, 1}}, {500, 250, 256, 256, {4, 4}}};

LevelChoice by_mpp(double mpp, std::span<const Level> levels = kLevels) {
  return choose_level(levels, {std::nullopt, mpp, {}}, 480, 480, "a.svs");
}

TEST(LevelChoice, TheCoarsestThatIsAsFineAsAskedFor) {
  EXPECT_EQ(by_mpp(0.25).level, 0U);
  EXPECT_EQ(by_mpp(0.99).level, 1U);  // a level may be coarser by 5 %
  EXPECT_EQ(by_mpp(0.9).level, 0U);
  EXPECT_EQ(by_mpp(3.9).level, 2U);
  EXPECT_EQ(by_mpp(100).level, 2U);
}

TEST(LevelChoice, ATileCoversTheModelsSizeAtTheResolution) {
  EXPECT_EQ(by_mpp(0.5).width, 960U);
  EXPECT_EQ(by_mpp(1.5).height, 720U);
  const std::vector<Level> oblong = {{8000, 4000, 256, 256, {0.25, 0.5}}};
  EXPECT_EQ(by_mpp(0.5, oblong).width, 960U);
  EXPECT_EQ(by_mpp(0.5, oblong).height, 480U);
}

TEST(LevelChoice, HalfAMicrometreWhereNothingIsAskedFor) {
  const LevelChoice choice = choose_level(kLevels, {}, 480, 480, "a.svs");
  EXPECT_EQ(choice.level, 0U);
  EXPECT_EQ(choice.width, 960U);
}

TEST(LevelChoice, ALevelIsTakenAsItIs) {
  const LevelChoice choice = choose_level(kLevels, {2, std::nullopt, {}}, 480, 320, "a.svs");
  EXPECT_EQ(choice.level, 2U);
  EXPECT_EQ(choice.width, 480U);
  EXPECT_EQ(choice.height, 320U);
}

TEST(LevelChoice, WhatThereIsNotIsRefusedNamingTheLevels) {
  test::expect_error(Code::kBadArgument,
                     {"a.svs", "no level 3", "level 0: 8000 x 4000 at 0.25 um", "level 2: 500 x 250"}, [] {
                       choose_level(kLevels, {3, std::nullopt, {}}, 480, 480, "a.svs");
                     });
  test::expect_error(Code::kBadArgument, {"no level is as fine as 0.2 um"}, [] { by_mpp(0.2); });
  const std::vector<Level> unknown = {{8000, 4000, 256, 256, {}}};
  test::expect_error(Code::kBadArgument, {"does not say its resolution"}, [&] { by_mpp(0.5, unknown); });
}

TEST(LevelChoice, ResolutionsBeyondReasonDoNotOverflow) {
  const std::vector<Level> tiny = {{8000, 4000, 256, 256, {1e-300, 1e-300}}};
  EXPECT_EQ(by_mpp(0.5, tiny).width, 2147483647U);
}

}  // namespace
}  // namespace mi2::slide
