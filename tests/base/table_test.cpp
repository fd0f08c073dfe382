// Tables with named columns, and lists.

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/table.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::base {
namespace {

using test::expect_error;

TEST(Table, FindsColumnsByAnyOfTheirNamesInAnyCase) {
  const Table table = Table::parse(
      "\xEF\xBB\xBF"
      "File,CLASS,Split,\r\n\r\na,b,c,d\r\n",
      "t");
  EXPECT_EQ(table.need(kPathColumn), 0U);
  EXPECT_EQ(table.need(kLabelColumn), 1U);
  EXPECT_EQ(table.need("sPLIT", kLabelColumn), 2U);
  EXPECT_FALSE(table.find(kPromptColumn));
  ASSERT_EQ(table.rows().size(), 1U);
  EXPECT_EQ(table.rows()[0].line, 3U);
}

TEST(Table, SaysWhichColumnIsMissing) {
  const Table table = Table::parse("file,other\n", "t");
  expect_error(Code::kBadFile, {"t: no column 'label' or 'class_name'", "its columns are: file, other"},
               [&] { static_cast<void>(table.need(kLabelColumn)); });
  expect_error(Code::kBadFile, {"t: no column 'site'"}, [&] { static_cast<void>(table.need("site", kLabelColumn)); });
}

TEST(Table, DuplicateColumnsAreRefusedUnlessTheyHaveNoName) {
  expect_error(Code::kBadFile, {"t: column 3 is a duplicate of column 1"},
               [] { Table::parse("label,x,LABEL\n", "t"); });
  EXPECT_EQ(Table::parse(",a,,\n", "t").header().size(), 4U);
}

TEST(Table, WhatIsNotTextIsRefused) {
  using namespace std::string_view_literals;
  expect_error(Code::kBadFile, {"t: byte 4 is zero"}, [] { Table::parse("a\nb\0\n"sv, "t"); });
  expect_error(Code::kBadFile, {"t: byte 3 is not UTF-8"}, [] { Table::parse("a\n\xE9\n"sv, "t"); });
}

TEST(List, SkipsEmptyLinesAndBlanks) {
  const test::TemporaryFolder folder;
  const auto entries = read_list(folder.write("l.txt",
                                              "\xEF\xBB\xBF"
                                              "a b\r\n\r\n \t\n c "));
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].text, "a b");
  EXPECT_EQ(entries[1].text, "c");
  EXPECT_EQ(entries[1].line, 4U);
  expect_error(Code::kBadFile, {"is empty"}, [&] { read_list(folder.write("e.txt", "\n \n")); });
}

}  // namespace
}  // namespace mi2::base
