// How many images of a batch memory has room for.

#include "train/trainer/batch_size.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace mi2::train {
namespace {

TEST(LargestThatFits, IsADivisorAndTheLargestOfThoseTried) {
  std::vector<std::int64_t> tried;
  const auto up_to = [&](std::int64_t most) {
    tried.clear();
    return [&tried, most](std::int64_t images) {
      tried.push_back(images);
      return images <= most;
    };
  };
  EXPECT_EQ(largest_that_fits(96, up_to(20)), 16);
  EXPECT_EQ(tried, (std::vector<std::int64_t>{1, 2, 3, 4, 6, 8, 12, 16, 24}));
  EXPECT_EQ(largest_that_fits(96, up_to(1000)), 96);
  EXPECT_EQ(largest_that_fits(97, up_to(96)), 1);
  EXPECT_EQ(largest_that_fits(96, up_to(0)), 0);
  EXPECT_EQ(tried, (std::vector<std::int64_t>{1}));
}

/// Memory as a pass takes it: some for all, some for each image.
TEST(MemoryTrials, NeverTakesMoreThanThereMayBe) {
  constexpr std::uint64_t kStart = 1000;
  for (const std::uint64_t constant : {0U, 50U, 400U}) {
    for (const std::uint64_t limit : {1001U, 1100U, 1500U, 1700U, 2300U, 9000U}) {
      MemoryTrials memory(kStart, limit);
      std::uint64_t most = 0;
      const auto peak = [&](std::int64_t images) {
        most = kStart + constant + 10 * static_cast<std::uint64_t>(images);
        return most;
      };
      const std::int64_t found = largest_that_fits(64, [&](std::int64_t images) { return memory.fits(images, peak); });
      // One image must be tried: nothing is known before that.
      if (most != kStart + constant + 10) {
        EXPECT_LE(most, limit) << constant << " + 10 each, limit " << limit;
      }
      if (constant == 0) {
        const std::int64_t room = (static_cast<std::int64_t>(limit) - 1000) / 10;
        std::int64_t wanted = room == 0 ? 0 : 1;
        while (wanted > 0 && wanted * 2 <= std::min<std::int64_t>(room, 64)) wanted *= 2;
        EXPECT_EQ(found, wanted) << "limit " << limit;
      }
      if (found > 0) {
        EXPECT_LE(memory.predicted(found), memory.limit());
      }
    }
  }
}

}  // namespace
}  // namespace mi2::train
