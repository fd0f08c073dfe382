// Files in portions whose frames take only so much memory.

#include "archive/portions.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "archive/slices_of_one_voxel.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The numbers of frames of the inputs of each portion.
std::vector<std::vector<std::string>> names_in(const std::vector<embedder::ExpandedPaths>& portions) {
  std::vector<std::vector<std::string>> names;
  for (const embedder::ExpandedPaths& portion : portions) {
    names.emplace_back();
    for (const embedder::Input& input : portion.inputs) names.back().push_back(input.path);
  }
  return names;
}

embedder::ExpandedPaths inputs_of(const std::vector<std::size_t>& frames) {
  embedder::ExpandedPaths paths;
  for (const std::size_t count : frames) {
    paths.inputs.push_back(test::input_of(test::slices_of_one_voxel(count), std::to_string(count)));
  }
  return paths;
}

TEST(Portions, HaveNoMoreFramesThanTheyMay) {
  EXPECT_THAT(names_in(portions_of(inputs_of({3, 6, 1, 2, 8, 4}), {}, 10)),
              ElementsAre(ElementsAre("3", "6", "1"), ElementsAre("2", "8"), ElementsAre("4")));
}

TEST(Portions, AFileOfTooManyFramesIsOneAlone) {
  EXPECT_THAT(names_in(portions_of(inputs_of({1, 11, 2}), {}, 10)),
              ElementsAre(ElementsAre("1"), ElementsAre("11"), ElementsAre("2")));
  test::expect_error(Code::kTooLarge, {"11: 11 frames, the limit is 10"}, [] { at_most(10)(11, "11"); });
  at_most(10)(10, "10");
}

TEST(Portions, WhatCannotBeReadCountsAsOneFrame) {
  embedder::ExpandedPaths paths = inputs_of({9, 1, 1});
  paths.inputs[1] = test::input_of(std::vector<std::byte>(7), "no image");
  paths.inputs[2].error = Error(Code::kBadFile, "it is not there");
  EXPECT_THAT(names_in(portions_of(paths, {}, 10)), ElementsAre(ElementsAre("9", "no image"), ElementsAre("1")));
}

TEST(Portions, WhatWasSkippedComesOnce) {
  embedder::ExpandedPaths paths = inputs_of({6, 6});
  paths.skipped.push_back({"a report", "no pixels"});
  const std::vector<embedder::ExpandedPaths> portions = portions_of(paths, {}, 10);
  ASSERT_EQ(portions.size(), 2U);
  EXPECT_EQ(portions[0].skipped.size(), 1U);
  EXPECT_THAT(portions[1].skipped, IsEmpty());
  paths.inputs.clear();
  ASSERT_EQ(portions_of(paths, {}, 10).size(), 1U);
  EXPECT_EQ(portions_of(paths, {}, 10).front().skipped.size(), 1U);
}

}  // namespace
}  // namespace mi2::archive
