#include "base/nearest.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace mi2::base {
namespace {

TEST(Nearest, EditDistanceCountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("weight", "weights"), 1U);
}

TEST(Nearest, AFewLettersAwayOrTheStartIsMeant) {
  const std::array<std::string, 3> known{"modality", "body_part", "--date"};
  EXPECT_EQ(nearest("modalty", known), "modality");
  EXPECT_EQ(nearest("BODY_PRAT", known), "body_part");
  EXPECT_EQ(nearest("mod", known), "modality");
  EXPECT_EQ(nearest("dates", known), "--date");
  EXPECT_EQ(nearest("kernel", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest(std::string(1000, 'm'), known), "");
}

}  // namespace
}  // namespace mi2::base
