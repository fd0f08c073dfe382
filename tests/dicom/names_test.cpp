// Titles of application entities and identifiers of objects.

#include "dicom/names.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/expect_error.hpp"

namespace mi2::dicom {
namespace {

TEST(Names, BlanksAroundATitleMeanNothing) {
  EXPECT_EQ(checked_title(" MI2 ", "--aet"), "MI2");
  EXPECT_EQ(checked_title("  CT 1   ", "--aet"), "CT 1");
  EXPECT_EQ(checked_title("SIXTEEN_LETTERS_ ", "--aet"), "SIXTEEN_LETTERS_");
}

TEST(Names, ATitleIsShortAndOfPrintableCharacters) {
  for (const std::string_view title : {"", "  ", "SEVENTEEN_LETTERS", "A\\B", "A\nB", "\xC3\xA4"}) {
    const Error error = test::error_of([&] { static_cast<void>(checked_title(title, "--aet")); });
    EXPECT_EQ(error.code(), Code::kBadArgument) << title;
  }
}

TEST(Names, AnIdentifierIsNumbersWithDotsBetweenThem) {
  EXPECT_TRUE(is_uid("1.2.840.10008.1.1"));
  EXPECT_TRUE(is_uid(std::string(64, '1')));
  for (const std::string_view text : {"", ".", "..", "1..2", ".1", "1.", "1.2a", "1/2", "1 2"}) {
    EXPECT_FALSE(is_uid(text)) << text;
  }
  EXPECT_FALSE(is_uid(std::string(65, '1')));
  EXPECT_TRUE(is_uid(std::string(65, '1'), 128));
}

}  // namespace
}  // namespace mi2::dicom
