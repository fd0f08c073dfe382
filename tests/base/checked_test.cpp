#include "base/checked.hpp"

#include <cstdint>
#include <limits>

#include "support/expect_error.hpp"

namespace mi2::base {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

TEST(Checked, GivesProductsAndSumsThatFit) {
  EXPECT_EQ(checked_mul(3, 7, "rows"), 21U);
  EXPECT_EQ(checked_mul(kMost, 1, "rows"), kMost);
  EXPECT_EQ(checked_mul(kMost, 0, "rows"), 0U);
  EXPECT_EQ(checked_add(kMost - 1, 1, "rows"), kMost);
}

TEST(Checked, RefusesOverflowByName) {
  test::expect_error(Code::kTooLarge, {"rows"}, [] { checked_mul(1ULL << 32U, 1ULL << 32U, "rows"); });
  test::expect_error(Code::kTooLarge, {"bytes"}, [] { checked_add(kMost, 1, "bytes"); });
}

}  // namespace
}  // namespace mi2::base
