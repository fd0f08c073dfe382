#include "base/process.hpp"

#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

namespace mi2::base {
namespace {

std::optional<unsigned> count_of(const char* value) {
  constexpr const char* kName = "MI2_TEST_COUNT";
  if (value == nullptr) {
    ::unsetenv(kName);
  } else {
    ::setenv(kName, value, 1);
  }
  return count_from_environment(kName);
}

TEST(CountFromEnvironment, IsAWholeNumberFromOneOrNothing) {
  EXPECT_EQ(count_of("1"), 1U);
  EXPECT_EQ(count_of("64"), 64U);
  for (const char* bad : {"", "0", "-1", "two", "2 ", " 2", "2.5", "0x2", "1000001", "99999999999999999999"}) {
    EXPECT_EQ(count_of(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(count_of(nullptr), std::nullopt);
}

TEST(ResidentMemory, IsNoMoreThanItsPeak) {
  const ResidentMemory memory = resident_memory();
  EXPECT_GT(memory.now, 1U << 20);
  EXPECT_GE(memory.peak, memory.now);
}

}  // namespace
}  // namespace mi2::base
