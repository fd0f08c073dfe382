#include "recipe/pattern.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"

namespace mi2::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Pattern, TakesTheEndOfAPath) {
  const auto found = Pattern("{split}/{class}/{_}-{patient}-{n}.jpeg").match("a/OCT2017 /train/CNV/CNV-12-3.JPEG");
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre(Pair("patient", "12"), Pair("n", "3"), Pair("class", "CNV"), Pair("split", "train")));
}

TEST(Pattern, NeedsItsFoldersAndAtLeastOneCharacterPerCapture) {
  EXPECT_TRUE(Pattern("images/{f}.png").match("images/a.png"));
  EXPECT_FALSE(Pattern("images/{f}.png").match("a.png"));
  EXPECT_FALSE(Pattern("images/{f}.png").match("other/a.png"));
  EXPECT_FALSE(Pattern("{f}.png").match(".png"));
  EXPECT_FALSE(Pattern("{a}-{b}.png").match("-b.png"));
}

TEST(Pattern, LastTextStandsAtTheEndOfTheName) {
  const auto found = Pattern("{name} ({n}).png").match("benign (1) (2).png");
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre(Pair("name", "benign"), Pair("n", "1) (2")));
  EXPECT_FALSE(Pattern("{name} ({n}).png").match("benign (1)_mask.png"));
}

TEST(Pattern, RefusesBracesOutOfPlace) {
  for (const std::string text : {"{a", "{}", "{a}{b}", "a//b"}) {
    mi2::test::expect_error(Code::kBadFile, {"the pattern"}, [&] { Pattern pattern(text); });
  }
}

}  // namespace
}  // namespace mi2::recipe
