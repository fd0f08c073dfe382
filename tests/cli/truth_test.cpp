// --truth: tables and what they say of pictures.

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "truth.hpp"

namespace mi2::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Runs `body`, which must throw an Error of this code; returns its message.
template <typename Body>
std::string refusal(Code code, Body&& body) {
  try {
    static_cast<void>(body());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "accepted";
  return {};
}

TEST(Csv, ReadsWhatSpreadsheetsWrite) {
  const base::CsvTable table =
      base::parse_csv("\xEF\xBB\xBF\"a\",b,c\r\n1, x ,\r\n\r\n\"p,q\",\"say \"\"hi\"\"\",\"two\nlines\"\nx,y,z", "t");
  EXPECT_THAT(table.header, ElementsAre("a", "b", "c"));
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_THAT(table.rows[0].fields, ElementsAre("1", " x ", ""));
  EXPECT_THAT(table.rows[1].fields, ElementsAre("p,q", "say \"hi\"", "two\nlines"));
  EXPECT_EQ(table.rows[1].line, 4U);
  EXPECT_THAT(table.rows[2].fields, ElementsAre("x", "y", "z"));
  EXPECT_EQ(table.rows[2].line, 6U);
}

TEST(Csv, EmptyQuotedFieldIsARow) {
  EXPECT_EQ(base::parse_csv("a\n\"\"\n\n", "t").rows.size(), 1U);
  EXPECT_TRUE(base::parse_csv("a\n", "t").rows.empty());
}

TEST(Csv, NamesTheLineAtFault) {
  const auto refused = [](std::string_view text) {
    return refusal(Code::kBadFile, [&] { return base::parse_csv(text, "t"); });
  };
  EXPECT_EQ(refused("a,b\n1,2\n3\n"), "t: line 3: 1 fields, the header has 2");
  EXPECT_EQ(refused("a\n\"x\n\n"), "t: line 2: a quote is not closed");
  EXPECT_THAT(refused("a\nx\"y\n"), HasSubstr("line 2"));
  EXPECT_THAT(refused("a\n\"x\"y\n"), HasSubstr("line 2: text after a closing quote"));
  EXPECT_THAT(refused("a\n\xE9\n"), HasSubstr("byte 3 is not UTF-8"));
  EXPECT_THAT(refused("\n\n"), HasSubstr("a header line is needed"));
}

class TruthTest : public ::testing::Test {
 protected:
  TruthTest() : folder_(std::filesystem::path(::testing::TempDir()) / "mi2_truth") {
    std::filesystem::create_directories(folder_ / "images");
  }
  std::string table(std::string_view text) const {
    const std::filesystem::path path = folder_ / "truth.csv";
    std::ofstream(path) << text;
    return path.string();
  }
  std::string image(const char* name) const { return (folder_ / "images" / name).string(); }
  std::filesystem::path folder_;
};

TEST_F(TruthTest, PathsStartAtTheTable) {
  const Truth truth(table("file,label\nimages/a.png,x\nimages/b.png,y\n"), {});
  EXPECT_THAT(truth.paths(), ElementsAre(image("a.png"), image("b.png")));
  const std::vector<std::string> labels{"y", "x"};
  const std::vector<std::string> pictures{image("../images/b.png"), "images/a.png", image("c.png")};
  EXPECT_THAT(truth.label_indices(pictures, labels),
              ElementsAre(std::optional<std::size_t>(0), std::optional<std::size_t>(1), std::nullopt));
}

TEST_F(TruthTest, ColumnsByNameAndRowsBySplit) {
  const std::string path = table("class_name,caption,split,name\nc,an x,test,a.png\nd,a y,train,b.png\n");
  EXPECT_THAT(Truth(path, {"", "test"}).paths(), ElementsAre((folder_ / "a.png").string()));
  const std::vector<std::string> pictures{"a.png"};
  EXPECT_NO_THROW(
      static_cast<void>(Truth(path, {"caption", ""}).label_indices(pictures, std::vector<std::string>{"an x"})));
  EXPECT_NO_THROW(static_cast<void>(Truth(path, {}).label_indices(pictures, std::vector<std::string>{"c"})));
  EXPECT_THAT(refusal(Code::kBadArgument,
                      [&] {
                        return Truth(path, {"", "none"});
                      }),
              HasSubstr("no row of split none"));
  EXPECT_THAT(refusal(Code::kBadFile, [&] { return Truth(path, {"Site", ""}); }), HasSubstr("no column 'Site'"));
}

TEST_F(TruthTest, WhatCannotBeMeantIsRefused) {
  const auto bad = [&](std::string_view text) {
    return refusal(Code::kBadFile, [&] { return Truth(table(text), {}); });
  };
  EXPECT_THAT(bad("label\nx\n"), HasSubstr("no column 'path' or 'file' or"));
  EXPECT_THAT(bad("path,label,label\na,x,y\n"), HasSubstr("'label' is a duplicate"));
  EXPECT_THAT(bad("path,label\na.png,x\n./a.png,y\n"), HasSubstr("line 3: its path is a duplicate"));
  EXPECT_THAT(bad("path,label\n,x\n"), HasSubstr("line 2: its path or label is empty"));
  const Truth truth(table("path,label\na.png,x\n"), {});
  const std::vector<std::string> known{"a.png"};
  const std::vector<std::string> unknown{"b.png"};
  EXPECT_THAT(refusal(Code::kBadArgument, [&] { return truth.label_indices(known, std::vector<std::string>{"y"}); }),
              HasSubstr("line 2: its label is not one of the 1 labels"));
  EXPECT_THAT(refusal(Code::kBadArgument, [&] { return truth.label_indices(unknown, std::vector<std::string>{"x"}); }),
              HasSubstr("names none of the 1 pictures"));
}

}  // namespace
}  // namespace mi2::cli
