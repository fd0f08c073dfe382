// What of a series is chosen from alone.

#include <cstddef>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/volumes.hpp"

namespace mi2::archive {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

embedder::PlacedFrame placed(std::size_t input, std::optional<double> along, std::optional<double> time,
                             std::optional<double> b_value = std::nullopt) {
  return {input, 0, along, std::nullopt, {false, time, b_value}};
}

std::vector<std::size_t> inputs_in(const std::vector<embedder::PlacedFrame>& frames) {
  std::vector<std::size_t> inputs;
  for (const embedder::PlacedFrame& frame : frames) inputs.push_back(frame.input);
  return inputs;
}

TEST(Volumes, TimesAndBValuesMakeVolumesInTheOrderOfTheirPlaces) {
  const std::vector<embedder::PlacedFrame> frames{placed(0, 5.0, 1, 0),   placed(1, 0.0, 1, 0), placed(2, 0.0, 1, 800),
                                                  placed(3, 5.0, 1, 800), placed(4, 5.0, 2, 0), placed(5, 0.0, 2, 0)};
  const std::vector<std::vector<embedder::PlacedFrame>> volumes = volumes_of(frames);
  ASSERT_THAT(volumes, SizeIs(3));
  EXPECT_THAT(inputs_in(volumes[0]), ElementsAre(1, 0));
  EXPECT_THAT(inputs_in(volumes[1]), ElementsAre(2, 3));
  EXPECT_THAT(inputs_in(volumes[2]), ElementsAre(5, 4));
  EXPECT_THAT(inputs_in(chosen({Slices::Kind::kMax, 1}, frames)), ElementsAre(0, 3, 4));
  EXPECT_THAT(inputs_in(chosen({}, frames)), ElementsAre(0, 1, 2, 3, 4, 5)) << "as they are";
}

TEST(Volumes, OnePlaceOrNoneIsNoVolume) {
  std::vector<embedder::PlacedFrame> frames{placed(0, 0.0, 1), placed(1, 5.0, 1), placed(2, 0.0, 2)};
  EXPECT_THAT(volumes_of(frames), SizeIs(1)) << "a moment has one place";
  frames.push_back(placed(3, 0.0004, 2));
  EXPECT_THAT(volumes_of(frames), SizeIs(1)) << "which is not two by rounding";
  frames.push_back(placed(4, 5.0, 2));
  EXPECT_THAT(volumes_of(frames), SizeIs(2));
  frames.push_back(placed(5, std::nullopt, 2));
  EXPECT_THAT(volumes_of(frames), SizeIs(1)) << "nobody knows where it lies";
  EXPECT_THAT(inputs_in(volumes_of(frames).front()), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Volumes, ThereMayBeNothing) {
  const std::vector<embedder::PlacedFrame> none;
  EXPECT_TRUE(chosen({Slices::Kind::kMax, 3}, none).empty());
}

}  // namespace
}  // namespace mi2::archive
