#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/records.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::base {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> records(std::string_view content, RecordRule rule, std::size_t most = 1 << 20) {
  const test::TemporaryFolder folder;
  RecordReader reader(folder.write("rows", content), rule, most);
  std::vector<std::string> found;
  while (const auto record = reader.next()) found.push_back(record->too_large ? "TOO LARGE" : record->text);
  return found;
}

TEST(Records, AreLinesWithoutTheEmptyOnes) {
  EXPECT_THAT(records("\xEF\xBB\xBF"
                      "a\r\n\nb\n\"c\nd",
                      RecordRule::kLine),
              ElementsAre("a", "b", "\"c", "d"));
  EXPECT_THAT(records("", RecordRule::kLine), ElementsAre());
}

TEST(Records, OfCsvGoOnInsideOfQuotes) {
  EXPECT_THAT(records("a,\"b\nc\"\nd,\"e\"\"\n\"\n", RecordRule::kCsv), ElementsAre("a,\"b\nc\"", "d,\"e\"\"\n\""));
}

TEST(Records, OverTheLimitArePassedOver) {
  EXPECT_THAT(records("aaaa\nbbbbb\ncc\n", RecordRule::kLine, 4), ElementsAre("aaaa", "TOO LARGE", "cc"));
}

TEST(Records, AreWholeAcrossBlocks) {
  const std::string longest(3'000'000, 'x');
  const auto found = records(longest + "\ny\n" + longest, RecordRule::kLine, 1 << 22);
  EXPECT_THAT(found, ElementsAre(longest, "y", longest));
}

TEST(Records, NeedAFile) {
  const test::TemporaryFolder folder;
  test::expect_error(Code::kNotFound, {"nothing"}, [&] { RecordReader(folder / "nothing", RecordRule::kLine, 1); });
  test::expect_error(Code::kBadFile, {"regular file"}, [&] { RecordReader(folder.path(), RecordRule::kLine, 1); });
}

}  // namespace
}  // namespace mi2::base
