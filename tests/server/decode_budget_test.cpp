#include "server/decode_budget.hpp"

#include <gtest/gtest.h>

namespace mi2::server {
namespace {

constexpr std::uint64_t kMillion = 1'000'000;

TEST(DecodeBudget, CountsThePixelsOfAllImagesUntilTheyAreGivenBack) {
  std::uint64_t used = 0;
  DecodeBudget budget(100 * kMillion, 8, [&used](std::uint64_t pixels) { used = pixels; });
  {
    DecodeBudget::Share one(budget);
    DecodeBudget::Share two(budget);
    DecodeBudget::Share three(budget);
    EXPECT_TRUE(one.take(50 * kMillion));
    EXPECT_TRUE(two.take(30 * kMillion));
    EXPECT_FALSE(three.take(16 * kMillion)) << "large images have 80 millions";
    EXPECT_EQ(used, 80 * kMillion);
  }
  EXPECT_EQ(used, 0U);
}

TEST(DecodeBudget, LargeImagesLeaveAThreadAndPixelsToSmallOnes) {
  DecodeBudget budget(1000 * kMillion, 2, [](std::uint64_t) {});
  DecodeBudget::Share large(budget);
  DecodeBudget::Share second(budget);
  DecodeBudget::Share small(budget);
  EXPECT_TRUE(large.take(20 * kMillion));
  EXPECT_FALSE(second.take(20 * kMillion)) << "one of two threads stays free";
  EXPECT_TRUE(small.take(kMillion));
}

TEST(DecodeBudget, AnImageLargerThanTheBudgetIsDecodedAlone) {
  DecodeBudget budget(kMillion, 4, [](std::uint64_t) {});
  DecodeBudget::Share huge(budget);
  DecodeBudget::Share other(budget);
  EXPECT_TRUE(huge.take(200 * kMillion));
  EXPECT_FALSE(other.take(200 * kMillion));
}

TEST(DecodeBudget, WhoWaitsIsCalledWhenSomethingIsGivenBackOrNothingIsHeld) {
  DecodeBudget budget(100 * kMillion, 2, [](std::uint64_t) {});
  int calls = 0;
  budget.when_free([&calls] { ++calls; });
  EXPECT_EQ(calls, 1);
  {
    DecodeBudget::Share share(budget);
    ASSERT_TRUE(share.take(20 * kMillion));
    budget.when_free([&calls] { ++calls; });
    EXPECT_EQ(calls, 1);
  }
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace mi2::server
