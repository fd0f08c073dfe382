// Choosing frames: what is understood, and that no file's claim costs memory or time.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>
#include <mi2/frames.hpp>

#include "image/frames.hpp"
#include "support/expect_error.hpp"

namespace mi2::image {
namespace {

using ::testing::ElementsAre;

class Claimed final : public Source {
 public:
  explicit Claimed(std::uint64_t frames) : frames_(frames) {}
  [[nodiscard]] std::uint64_t frames() const override {
    ++counted;
    return frames_;
  }
  [[nodiscard]] std::uint64_t middle() const override { return frames_ / 2; }
  [[nodiscard]] Image read(std::uint64_t) const override { return {}; }

  mutable int counted = 0;

 private:
  std::uint64_t frames_;
};

/// Numbers from 1, as a user sees them.
std::vector<std::uint64_t> chosen(std::uint64_t frames, std::string_view text) {
  const FrameRange range = select_frames(Claimed(frames), parse_frames(text), "a.dcm");
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < range.count; ++i) numbers.push_back(range.first + i * range.step + 1);
  return numbers;
}

TEST(Frames, SelectionsReadBack) {
  for (const char* text : {"middle", "all", "first", "1", "17", "every:1", "every:10", "center:3"}) {
    EXPECT_EQ(to_string(parse_frames(text)), text);
  }
  EXPECT_EQ(parse_frames("middle"), FrameSelection{});
}

TEST(Frames, WhatIsNoSelectionIsRefused) {
  for (const char* text : {"", "0", "-1", "+1", "1.5", "1 ", " 1", "last", "Middle", "every:", "every:0", "every:-1",
                           "center:", "center:0", "center:x", "1,2", "every:3x", "99999999999999999999"}) {
    test::expect_error(Code::kBadArgument,
                       {"frames: expected middle, all, first, N, every:K or center:K, got '" + std::string(text) + "'"},
                       [&] { parse_frames(text); });
  }
}

TEST(Frames, AreNumberedFromOne) {
  EXPECT_THAT(chosen(5, "middle"), ElementsAre(3U));
  EXPECT_THAT(chosen(4, "middle"), ElementsAre(3U));
  EXPECT_THAT(chosen(5, "first"), ElementsAre(1U));
  EXPECT_THAT(chosen(5, "all"), ElementsAre(1U, 2U, 3U, 4U, 5U));
  EXPECT_THAT(chosen(5, "1"), ElementsAre(1U));
  EXPECT_THAT(chosen(5, "5"), ElementsAre(5U));
}

TEST(Frames, EveryStartsAtTheFirst) {
  EXPECT_THAT(chosen(7, "every:3"), ElementsAre(1U, 4U, 7U));
  EXPECT_THAT(chosen(6, "every:3"), ElementsAre(1U, 4U));
  EXPECT_THAT(chosen(3, "every:1"), ElementsAre(1U, 2U, 3U));
  EXPECT_THAT(chosen(3, "every:3"), ElementsAre(1U));
  EXPECT_THAT(chosen(3, "every:18446744073709551615"), ElementsAre(1U));
}

TEST(Frames, CenterLiesAroundTheMiddle) {
  EXPECT_THAT(chosen(5, "center:1"), ElementsAre(3U));
  EXPECT_THAT(chosen(5, "center:2"), ElementsAre(2U, 3U));
  EXPECT_THAT(chosen(5, "center:3"), ElementsAre(2U, 3U, 4U));
  EXPECT_THAT(chosen(5, "center:4"), ElementsAre(1U, 2U, 3U, 4U));
  EXPECT_THAT(chosen(6, "center:4"), ElementsAre(2U, 3U, 4U, 5U));
  EXPECT_THAT(chosen(6, "center:5"), ElementsAre(2U, 3U, 4U, 5U, 6U));
  EXPECT_THAT(chosen(5, "center:5"), ElementsAre(1U, 2U, 3U, 4U, 5U));
  EXPECT_THAT(chosen(3, "center:50"), ElementsAre(1U, 2U, 3U));
}

TEST(Frames, EveryCenterIsInsideTheImage) {
  for (std::uint64_t frames = 1; frames <= 12; ++frames) {
    for (std::uint64_t count = 1; count <= 14; ++count) {
      const FrameRange range = select_frames(Claimed(frames), {FrameSelection::Kind::kCenter, count}, "a.dcm");
      EXPECT_EQ(range.count, std::min(frames, count));
      EXPECT_LE(range.first + range.count, frames) << frames << ' ' << count;
    }
  }
}

TEST(Frames, PastTheLastIsRefusedAndTheirNumberTold) {
  test::expect_error(Code::kBadArgument, {"a.dcm", "from 1 to 5", "6"}, [] { chosen(5, "6"); });
  test::expect_error(Code::kBadArgument, {"at least 1"}, [] {
    select_frames(Claimed(5), {FrameSelection::Kind::kEvery, 0}, "a.dcm");
  });
}

TEST(Frames, ClaimsOfManyFramesCostNothing) {
  const Claimed many(1ULL << 40U);
  EXPECT_EQ(select_frames(many, parse_frames("all"), "a").count, 1ULL << 40U);
  EXPECT_EQ(select_frames(many, parse_frames("every:3"), "a").count, ((1ULL << 40U) - 1) / 3 + 1);
}

TEST(Frames, OneOfThemIsFoundWithoutCounting) {
  const Claimed source(9);
  select_frames(source, parse_frames("middle"), "a");
  select_frames(source, parse_frames("first"), "a");
  EXPECT_EQ(source.counted, 0);
}

}  // namespace
}  // namespace mi2::image
