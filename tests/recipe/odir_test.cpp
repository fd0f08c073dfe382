// Keywords of ODIR-5K.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recipe/steps/odir_keywords.hpp"

namespace mi2::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(OdirKeywords, AreDividedByEitherComma) {
  EXPECT_THAT(odir_keywords_of("drusen\xEF\xBC\x8C"
                               "lens dust, glaucoma"),
              ElementsAre("drusen", "lens dust", "glaucoma"));
}

TEST(OdirKeywords, LoseBlanksCapitalsAndRepetitions) {
  EXPECT_THAT(odir_keywords_of("  Drusen \xEF\xBC\x8C drusen,, \xEF\xBC\x8C"), ElementsAre("drusen"));
  EXPECT_THAT(odir_keywords_of(""), IsEmpty());
  EXPECT_THAT(odir_keywords_of(" \xEF\xBC\x8C ,"), IsEmpty());
}

TEST(OdirKeywords, KeepBlanksInsideUntilTheyAreCompared) {
  EXPECT_THAT(odir_keywords_of("suspected  glaucoma"), ElementsAre("suspected  glaucoma"));
  EXPECT_EQ(with_single_blanks("abnormal color of   optic disc"), "abnormal color of optic disc");
}

TEST(OdirKeywords, AHalfCommaIsPartOfAWord) { EXPECT_THAT(odir_keywords_of("a\xEF\xBC"), ElementsAre("a\xEF\xBC")); }

TEST(OdirKeywords, WordsOnQualityAreKnown) {
  EXPECT_TRUE(is_about_quality("lens dust"));
  EXPECT_TRUE(is_about_quality("no fundus image"));
  EXPECT_FALSE(is_about_quality("cataract"));
}

}  // namespace
}  // namespace mi2::recipe
