// Which frames of an object make a volume together.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dicom/builder.hpp"
#include "dicom/frame_groups.hpp"

namespace mi2::dicom {
namespace {

using testing::Dataset;
using testing::little32;
using testing::ramp;

constexpr std::uint32_t kTypeOfImage = 0x00080008, kTypeOfFrame = 0x00089007, kTime = 0x00200100, kB = 0x00189087,
                        kMrType = 0x00189226, kContent = 0x00209111, kTimeIndex = 0x00209128, kWeighting = 0x00189117,
                        kSharedGroups = 0x52009229, kFrameGroups = 0x52009230;

std::string eight_bytes(double value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

image::FrameGroup only(const Dataset& object) { return frame_groups(object.file(), "x.dcm", 1).at(0); }

TEST(FrameGroups, AnImageSaysItsTypeTimeAndBValue) {
  Dataset object = ramp();
  EXPECT_EQ(only(object), image::FrameGroup());
  object.text(kTypeOfImage, "CS", "ORIGINAL\\PRIMARY\\LOCALIZER").text(kTime, "IS", "3");
  object.put(kB, "FD", eight_bytes(800));
  EXPECT_EQ(only(object), (image::FrameGroup{true, 3.0, 800.0}));
}

TEST(FrameGroups, OnlyTheWholeValueIsALocaliser) {
  for (const char* type : {"ORIGINAL\\PRIMARY\\AXIAL", "ORIGINAL\\PRIMARY\\LOCALIZERS", "NO LOCALIZER", ""}) {
    EXPECT_FALSE(only(ramp().text(kTypeOfImage, "CS", type)).localizer) << type;
  }
  EXPECT_TRUE(only(ramp().text(kTypeOfImage, "CS", "DERIVED\\SECONDARY\\ LOCALIZER \\M")).localizer);
}

TEST(FrameGroups, ValuesInOtherRepresentationsAreRead) {
  EXPECT_EQ(only(ramp().put(kB, "UN", eight_bytes(1000))).b_value, 1000.0);
  EXPECT_EQ(only(ramp().text(kB, "DS", "50")).b_value, 50.0);
  EXPECT_FALSE(only(ramp().text(kB, "LO", "abcdefgh")).b_value.has_value());
  EXPECT_FALSE(only(ramp().text(kTime, "IS", "soon")).time.has_value());
}

TEST(FrameGroups, AValueLongerThanAnyNumberIsNone) {
  // All frames read the one that they share: nothing of it is looked through.
  const std::string padded = std::string(100, ' ') + "50";
  EXPECT_FALSE(only(ramp().text(kTime, "IS", padded)).time.has_value());
  Dataset object = ramp();
  object.sequence(kSharedGroups, {Dataset()
                                      .sequence(kWeighting, {Dataset().text(kB, "LO", padded)})
                                      .sequence(kContent, {Dataset().text(kTimeIndex, "LO", padded)})});
  EXPECT_EQ(only(object), image::FrameGroup());
}

TEST(FrameGroups, FramesOfAnEnhancedObjectSpeakForThemselves) {
  const auto group = [](const char* type, std::uint32_t time, double b_value) {
    Dataset frame;
    if (type != nullptr) frame.sequence(kMrType, {Dataset().text(kTypeOfFrame, "CS", type)});
    frame.sequence(kContent, {Dataset().put(kTimeIndex, "UL", little32(time))});
    frame.sequence(kWeighting, {Dataset().put(kB, "FD", eight_bytes(b_value))});
    return frame;
  };
  Dataset object = ramp();
  object.text(kTypeOfImage, "CS", "ORIGINAL\\PRIMARY\\LOCALIZER");
  const Dataset axial = Dataset().text(kTypeOfFrame, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
  object.sequence(kSharedGroups, {Dataset().sequence(kMrType, {axial})});
  object.sequence(kFrameGroups, {group("ORIGINAL\\PRIMARY\\LOCALIZER", 1, 0), group(nullptr, 2, 500)});
  const std::vector<image::FrameGroup> groups = frame_groups(object.file(), "x.dcm", 3);
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0], (image::FrameGroup{true, 1.0, 0.0}));
  EXPECT_EQ(groups[1], (image::FrameGroup{false, 2.0, 500.0}));
  EXPECT_EQ(groups[2], image::FrameGroup()) << "of which nothing is said but what all share";
}

}  // namespace
}  // namespace mi2::dicom
