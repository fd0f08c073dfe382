#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

constexpr Code kAll[] = {Code::kBadArgument, Code::kBadFile,  Code::kUnsupported, Code::kTooLarge,
                         Code::kOverloaded,  Code::kNotFound, Code::kInternal};

TEST(ErrorTable, GivesEachCodeItsDocumentedStatuses) {
  EXPECT_EQ(info(Code::kBadArgument).exit_status, 2);
  EXPECT_EQ(info(Code::kBadArgument).http_status, 400);
  EXPECT_EQ(info(Code::kBadFile).exit_status, 3);
  EXPECT_EQ(info(Code::kBadFile).http_status, 422);
  EXPECT_EQ(info(Code::kUnsupported).exit_status, 4);
  EXPECT_EQ(info(Code::kUnsupported).http_status, 415);
  EXPECT_EQ(info(Code::kTooLarge).exit_status, 5);
  EXPECT_EQ(info(Code::kTooLarge).http_status, 413);
  EXPECT_EQ(info(Code::kOverloaded).exit_status, 6);
  EXPECT_EQ(info(Code::kOverloaded).http_status, 429);
  EXPECT_EQ(info(Code::kNotFound).exit_status, 7);
  EXPECT_EQ(info(Code::kNotFound).http_status, 404);
  EXPECT_EQ(info(Code::kInternal).exit_status, 70);
  EXPECT_EQ(info(Code::kInternal).http_status, 500);
}

TEST(ErrorTable, SharesNoNameOrStatusBetweenCodes) {
  std::set<std::string_view> names;
  std::set<int> exits{0, kExitPartial};
  std::set<int> https;
  for (const Code code : kAll) {
    EXPECT_EQ(info(code).code, code);
    EXPECT_TRUE(names.insert(info(code).name).second);
    EXPECT_TRUE(exits.insert(info(code).exit_status).second);
    EXPECT_TRUE(https.insert(info(code).http_status).second);
  }
}

}  // namespace
}  // namespace mi2::base
