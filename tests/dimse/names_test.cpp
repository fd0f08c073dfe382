// Titles of DICOM's network in the names of files.

#include "dimse/names.hpp"

#include <gtest/gtest.h>

namespace mi2::dimse {
namespace {

TEST(Names, AnEncodedTitleIsNoPathAndNoPartOfAName) {
  EXPECT_EQ(encoded("CT-1"), "CT-1");
  EXPECT_EQ(encoded("../_ %"), "%2E%2E%2F%5F%20%25");
}

}  // namespace
}  // namespace mi2::dimse
