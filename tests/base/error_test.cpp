#include <gtest/gtest.h>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

TEST(Code, HasAStableName) {
  EXPECT_EQ(name_of(Code::kBadArgument), "bad_argument");
  EXPECT_EQ(name_of(Code::kBadFile), "bad_file");
  EXPECT_EQ(name_of(Code::kUnsupported), "unsupported");
  EXPECT_EQ(name_of(Code::kTooLarge), "too_large");
  EXPECT_EQ(name_of(Code::kOverloaded), "overloaded");
  EXPECT_EQ(name_of(Code::kNotFound), "not_found");
  EXPECT_EQ(name_of(Code::kInternal), "internal");
}

}  // namespace
}  // namespace mi2::base
