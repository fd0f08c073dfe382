// Tables and lists of labels, and which label belongs to which path.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "vectors/label_table.hpp"
#include "vectors/vectors.hpp"

namespace mi2::vectors {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::Optional;

LabelTable labels(const TemporaryFolder& folder, std::string_view content, const LabelOptions& options = {}) {
  return read_label_table(folder.write("labels.csv", content), options);
}

TEST(Labels, TakesColumnsByNameAndSplitsByTheirWords) {
  const TemporaryFolder folder;
  const LabelTable table = labels(folder, "File,Split,Label\na,train,x\nb,validation,y\nc,TEST,x\nd,outlier,x\n");
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_TRUE(table.has_splits);
  EXPECT_EQ(table.rows[0].split, Split::kTrain);
  EXPECT_EQ(table.rows[1].split, Split::kValidation);
  EXPECT_EQ(table.rows[2].split, Split::kTest);
  EXPECT_EQ(table.rows[3].split, Split::kOther);
  EXPECT_EQ(table.rows[1].label, "y");
  EXPECT_EQ(table.rows[1].line, 3U);
  const LabelTable chosen = labels(folder, "path,fold,site\na,train,liver\n", {"site", "fold", ""});
  EXPECT_EQ(chosen.rows[0].label, "liver");
  EXPECT_EQ(chosen.rows[0].split, Split::kTrain);
}

TEST(Labels, RefusesTablesWithoutWhatIsNeeded) {
  const TemporaryFolder folder;
  expect_error(Code::kBadFile, {"no column 'path'"}, [&] { labels(folder, "x,label\na,b\n"); });
  expect_error(Code::kBadFile, {"no column 'label'"}, [&] { labels(folder, "path,x\na,b\n"); });
  expect_error(Code::kBadFile, {"no column 'site'"}, [&] { labels(folder, "path,label\na,b\n", {"site", "", ""}); });
  expect_error(Code::kBadFile, {"line 2", "empty"}, [&] { labels(folder, "path,label\na,\"\"\n"); });
  expect_error(Code::kBadFile, {"no label"}, [&] { labels(folder, "path,label\n"); });
  expect_error(Code::kBadFile, {"no column 'split'"}, [&] { labels(folder, "path,label\na,x\n", {"", "", "test"}); });
  expect_error(Code::kBadArgument, {"no row of split test"}, [&] {
    labels(folder, "path,label,split\na,x,train\n", {"", "", "test"});
  });
  expect_error(Code::kTooLarge, {"line 2", "4096"},
               [&] { labels(folder, "path,label\n" + std::string(5000, 'a') + ",x\n"); });
}

VectorTable named(const std::vector<std::string>& names) {
  return {"e", names, EmbeddingMatrix(names.size(), 1), std::nullopt};
}

TEST(Labels, PathsMatchByTheirEnds) {
  const TemporaryFolder folder;
  const LabelTable table = labels(folder, "path,label\nimages/a.png,x\nb.png,y\n./more/deep/c.png,z\n");
  const Join joined = join(named({"/data/images/a.png", "sub/b.png", "c.png", "xb.png"}), table);
  EXPECT_THAT(joined.row_of, ElementsAre(Optional(0U), Optional(1U), Optional(2U), std::nullopt));
  EXPECT_THAT(joined.unlabelled, ElementsAre(3U));
  EXPECT_EQ(joined.unused, 0U);
}

TEST(Labels, OnlyRowsOfTheChosenSplitCount) {
  const TemporaryFolder folder;
  const LabelTable table =
      labels(folder, "path,label,split\na,x,fold1\n,y,fold2\nb,z,Fold1\nc,x,fold1\n", {"", "", "fold1"});
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[1].name, "c");
}

/// Names as a program in `folder` sees them: absolute, since tests change no working directory.
std::string in(const TemporaryFolder& folder, std::string_view path) { return (folder / path).string(); }

TEST(Labels, TheSameFileComesBeforeALongerEnd) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "b");
  // By its end alone b/a.png of this folder would be line 3's, and so would the other folder's.
  const LabelTable table = labels(folder, "path,label\na.png,x\nb/a.png,y\nc.png,z\n");
  const Join joined = join(named({in(folder, "a.png"), in(folder, "b/../b/./a.png"), "/elsewhere/b/a.png",
                                  "/elsewhere/a.png", "/elsewhere/c.png"}),
                           table);
  EXPECT_THAT(joined.row_of, ElementsAre(Optional(0U), Optional(1U), std::nullopt, std::nullopt, Optional(2U)));
  EXPECT_EQ(joined.unused, 0U);
}

TEST(Labels, AFolderIsTheSameThroughALink) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "real");
  std::filesystem::create_directory_symlink(folder / "real", folder / "link");
  const LabelTable table = labels(folder, "path,label\nreal/a.png,x\nother/real/a.png,y\n");
  EXPECT_THAT(join(named({in(folder, "link/a.png")}), table).row_of, ElementsAre(Optional(0U)));
  expect_error(Code::kBadFile, {"line 3: its path is a duplicate of line 2's"},
               [&] { join(named({"a"}), labels(folder, "path,label\nreal/a.png,x\nlink/a.png,y\n")); });
  expect_error(Code::kBadFile, {"line 3: its path is a duplicate of line 2's"}, [&] {
    join(named({"a"}), labels(folder, "path,label\nreal/a.png,x\n" + in(folder, "real/a.png") + ",y\n"));
  });
}

TEST(Labels, LinksToOneStoredFileAreFilesOfTheirOwn) {
  const TemporaryFolder folder;
  folder.write("stored", "bytes");
  std::filesystem::create_symlink(folder / "stored", folder / "a.png");
  std::filesystem::create_symlink(folder / "stored", folder / "b.png");
  const LabelTable table = labels(folder, "path,label\na.png,x\nb.png,y\n");
  EXPECT_THAT(join(named({in(folder, "b.png"), in(folder, "a.png")}), table).row_of,
              ElementsAre(Optional(1U), Optional(0U)));
}

TEST(Labels, ANameThatIsNoPathMatchesNoFile) {
  const TemporaryFolder folder;
  const LabelTable table = labels(folder, "path,label\na.png,x\n..,y\n");
  const std::string zero = in(folder, "a.png") + std::string(1, '\0');
  EXPECT_THAT(lookup(std::vector<std::string>{zero, "", "/", std::string(5000, 'a')}, "e", table).row_of,
              ::testing::Each(std::nullopt));
}

TEST(Labels, TheLongestPathCounts) {
  const TemporaryFolder folder;
  const LabelTable table = labels(folder, "path,label\na.png,x\nin/a.png,y\n");
  EXPECT_THAT(join(named({"out/in/a.png"}), table).row_of, ElementsAre(Optional(1U)));
  EXPECT_THAT(join(named({"a.png"}), table).row_of, ElementsAre(Optional(0U)));
}

TEST(Labels, FramesOfOneFileShareItsLabel) {
  const TemporaryFolder folder;
  const LabelTable table = labels(folder, "path,label\none.dcm,x\ntwo.dcm,y\nthree.dcm,z\n");
  VectorTable rows = named({"one.dcm", "one.dcm", "two.dcm", "one.dcm"});
  expect_error(Code::kBadArgument, {"rows 1", "and 2"}, [&] { join(rows, table); });
  rows.frames = {1, 2, 1, 7};
  const Join joined = join(rows, table);
  EXPECT_THAT(joined.row_of, ElementsAre(Optional(0U), Optional(0U), Optional(1U), Optional(0U)));
  EXPECT_EQ(joined.unused, 1U);
  rows.frames = {1, 1, 1, 7};
  expect_error(Code::kBadArgument, {"rows 1", "and 2"}, [&] { join(rows, table); });
  rows.frames = {1, 0, 1, 7};
  expect_error(Code::kBadArgument, {"rows 1", "and 2"}, [&] { join(rows, table); });
}

TEST(Labels, WhatIsAmbiguousIsRefused) {
  const TemporaryFolder folder;
  const LabelTable table = labels(folder, "path,label\none/a.png,x\ntwo/a.png,y\n");
  expect_error(Code::kBadArgument, {"lines 2 and 3 both end in 'a.png'"}, [&] { join(named({"a.png"}), table); });
  expect_error(Code::kBadArgument, {"rows 1 ('one/a.png') and 2 ('x/one/a.png') both match line 2"}, [&] {
    join(named({"one/a.png", "x/one/a.png"}), table);
  });
  expect_error(Code::kBadArgument, {"names none of the 1 rows", "'z.png'"}, [&] { join(named({"z.png"}), table); });
  expect_error(Code::kBadFile, {"line 3: its path is a duplicate of line 2's"},
               [&] { join(named({"a"}), labels(folder, "path,label\na,x\n./a,y\n")); });
  EXPECT_EQ(lookup(std::vector<std::string>{"z.png"}, "e", table).unlabelled.size(), 1U);
}

TEST(Labels, AListIsJoinedByOrder) {
  const TemporaryFolder folder;
  const LabelTable list = read_label_table(folder.write("labels.txt", "x\r\ny\n"), {});
  EXPECT_FALSE(list.named);
  const VectorTable table{"e", {}, EmbeddingMatrix(2, 1), std::nullopt};
  EXPECT_THAT(join(table, list).row_of, ElementsAre(Optional(0U), Optional(1U)));
  expect_error(Code::kBadArgument, {"got 2 labels for 1 rows"}, [&] { join(named({"a"}), list); });
  expect_error(Code::kBadArgument, {"no paths"}, [&] { join(table, labels(folder, "path,label\na,x\n")); });
  const LabelTable sparse = read_label_table(folder.write("l.txt", "\xEF\xBB\xBFx\n\n y \n"), {});
  ASSERT_EQ(sparse.rows.size(), 2U);
  EXPECT_EQ(sparse.rows[1].label, "y");
  EXPECT_EQ(sparse.rows[1].line, 3U);
}

TEST(Groups, AreTheColumnOfPatientsOrTheOneThatIsNamed) {
  const TemporaryFolder folder;
  const LabelTable found = labels(folder, "path,label,Patient_ID\na,x,7\nb,y,\n");
  EXPECT_EQ(found.group_column, "Patient_ID");
  EXPECT_EQ(require_group(found, found.rows[0]), "7");
  expect_error(Code::kBadFile, {"line 3: its Patient_ID is empty"},
               [&] { static_cast<void>(require_group(found, found.rows[1])); });
  LabelOptions options;
  options.group_column = "site";
  options.fold_column = "part";
  const LabelTable named = labels(folder, "path,label,patient,site,part\na,x,7,s,2\n", options);
  EXPECT_EQ(named.rows[0].group, "s");
  EXPECT_EQ(named.rows[0].fold, "2");
  EXPECT_TRUE(labels(folder, "path,label,site\na,x,s\n").group_column.empty());
  expect_error(Code::kBadFile, {"no column 'site'"}, [&] { labels(folder, "path,label,part\na,x,1\n", options); });
  expect_error(Code::kBadFile, {"no column 'part'"}, [&] { labels(folder, "path,label,site\na,x,1\n", options); });
}

TEST(Groups, AreTheSameWithBlanksAround) {
  const TemporaryFolder folder;
  const LabelTable found = labels(folder, "path,label,patient\na,x,P1\nb,x,P1 \nc,x, \n");
  EXPECT_EQ(found.rows[0].group, found.rows[1].group);
  expect_error(Code::kBadFile, {"line 4", "empty"}, [&] { static_cast<void>(require_group(found, found.rows[2])); });
}

}  // namespace
}  // namespace mi2::vectors
