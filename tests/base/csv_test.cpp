// Tables of comma-separated values.

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/csv.hpp"
#include "support/expect_error.hpp"

namespace mi2::base {
namespace {

using test::expect_error;
using ::testing::ElementsAre;

TEST(Csv, ReadsWhatSpreadsheetsWrite) {
  const CsvTable table =
      parse_csv("\xEF\xBB\xBF\"a\",b,c\r\n1, x ,\r\n\r\n\"p,q\",\"say \"\"hi\"\"\",\"two\nlines\"\nx,y,z", "t");
  EXPECT_THAT(table.header, ElementsAre("a", "b", "c"));
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_THAT(table.rows[0].fields, ElementsAre("1", " x ", ""));
  EXPECT_THAT(table.rows[1].fields, ElementsAre("p,q", "say \"hi\"", "two\nlines"));
  EXPECT_EQ(table.rows[1].line, 4U);
  EXPECT_THAT(table.rows[2].fields, ElementsAre("x", "y", "z"));
  EXPECT_EQ(table.rows[2].line, 6U);
}

TEST(Csv, EmptyQuotedFieldIsARow) {
  EXPECT_EQ(parse_csv("a\n\"\"\n\n", "t").rows.size(), 1U);
  EXPECT_TRUE(parse_csv("a\n", "t").rows.empty());
}

TEST(Csv, NamesTheLineAtFault) {
  const auto refuses = [](std::string_view text, std::string_view message) {
    expect_error(Code::kBadFile, {std::string(message)}, [&] { parse_csv(text, "t"); });
  };
  refuses("a,b\n1,2\n3\n", "t: line 3: 1 fields, the header has 2");
  refuses("a\n\"x\n\n", "t: line 2: a quote is not closed");
  refuses("a\nx\"y\n", "line 2");
  refuses("a\n\"x\"y\n", "line 2: text after a closing quote");
  refuses("a\n\xE9\n", "byte 3 is not UTF-8");
  refuses("\n\n", "expected a header line");
}

TEST(Csv, CountsRowsAndFieldsBeforeItKeepsThem) {
  EXPECT_EQ(parse_csv("a,b\n1,2\n3,4\n", "t", {2, 6}).rows.size(), 2U);
  expect_error(Code::kTooLarge, {"t: more than 1 rows"}, [] { parse_csv("a,b\n1,2\n3,4\n", "t", {1, 6}); });
  expect_error(Code::kTooLarge, {"t: more than 5 fields"}, [] { parse_csv("a,b\n1,2\n3,4\n", "t", {2, 5}); });
  expect_error(Code::kTooLarge, {"t: more than 5 fields"}, [] { parse_csv(std::string(1000, ','), "t", {2, 5}); });
  expect_error(Code::kTooLarge, {"t: more than 5 fields"}, [] {
    parse_csv("a\n" + std::string(1000, ','), "t", {2, 5});
  });
}

}  // namespace
}  // namespace mi2::base
