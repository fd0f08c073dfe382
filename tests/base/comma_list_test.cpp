// Lists with commas between.

#include "base/comma_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mi2::base {
namespace {

using ::testing::ElementsAre;

TEST(CommaList, EachPartCountsAndEmptyOnesToo) {
  EXPECT_THAT(comma_parts("a,b c,,d,"), ElementsAre("a", "b c", "", "d", ""));
  EXPECT_THAT(comma_parts("a"), ElementsAre("a"));
  EXPECT_THAT(comma_parts(""), ElementsAre(""));
}

}  // namespace
}  // namespace mi2::base
