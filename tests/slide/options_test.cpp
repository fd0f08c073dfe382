// What can be asked of a slide.

#include <gtest/gtest.h>

#include <mi2/slide.hpp>

#include "slide/slide.hpp"
#include "support/expect_error.hpp"

namespace mi2 {
namespace {

TEST(SlideOptions, AreReadBackFromTheirText) {
  EXPECT_EQ(parse_tiles("tissue"), SlideOptions::Tiles::kTissue);
  EXPECT_EQ(parse_tiles(name_of(SlideOptions::Tiles::kAll)), SlideOptions::Tiles::kAll);
  EXPECT_EQ(parse_level("0"), 0U);
  EXPECT_EQ(parse_level("12"), 12U);
  EXPECT_DOUBLE_EQ(parse_mpp("0.25"), 0.25);
  EXPECT_EQ(to_string(SlideOptions{3, std::nullopt, SlideOptions::Tiles::kAll}), "level=3,tiles=all");
  EXPECT_EQ(to_string(SlideOptions{std::nullopt, 0.5, {}}), "mpp=0.5,tiles=tissue");
}

TEST(SlideOptions, WhatMakesNoSenseIsRefusedByName) {
  for (const char* text : {"", "-1", "1.5", "1001", "one"}) {
    test::expect_error(Code::kBadArgument, {"level: expected a whole number"}, [&] { parse_level(text); });
  }
  for (const char* text : {"", "0", "-1", "nan", "inf", "0.25um", "1e9"}) {
    test::expect_error(Code::kBadArgument, {"mpp: expected 0.01 to 1000"}, [&] { parse_mpp(text); });
  }
  test::expect_error(Code::kBadArgument, {"tiles: expected tissue or all, got 'some'"}, [] { parse_tiles("some"); });
  test::expect_error(Code::kBadArgument, {"--level and --mpp"}, [] { slide::check({1, 0.5, {}}); });
}

}  // namespace
}  // namespace mi2
