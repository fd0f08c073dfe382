#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataset/label_row.hpp"
#include "dataset/tsv_file.hpp"
#include "samples.hpp"
#include "support/expect_error.hpp"

namespace mi2::dataset::testing {
namespace {

using test::expect_error;
using test::TemporaryFolder;

DataSource tsv(const TemporaryFolder& folder, const std::string& images, const std::string& labels) {
  DataSource source;
  source.format = DataFormat::kTsv;
  source.path = folder.write("images.tsv", images);
  source.labels = folder.write("labels.tsv", labels);
  return source;
}

std::string label_json(std::string_view name, std::string_view class_name) {
  return fmt::format("{}\t{{\"class_id\": 3, \"class_name\": \"{}\", \"source\": \"s\", \"task\": \"t\"}}\n", name,
                     class_name);
}

TEST(Manifest, GivesRecordsOfItsSplitWithClassesByNameAndCaptions) {
  const TemporaryFolder folder;
  folder.write("a b.jpg", jpeg(1));
  DataSource source;
  source.path = folder.write("m.csv",
                             "file,split,label,caption\na b.jpg,train,cat,\"a cat, seen\"\nx.jpg,test,dog,\n"
                             "y.jpg,train,dog,\nz.jpg,train,cat,again\n");
  source.split = "train";
  const auto data = dataset_of({source});
  ASSERT_EQ(data->size(), 3U);
  EXPECT_EQ(data->class_of(0), data->class_of(2));
  EXPECT_NE(data->class_of(0), data->class_of(1));
  EXPECT_EQ(data->text(0, 0), "a cat, seen");
  EXPECT_EQ(data->text(1, 0), "dog");  // no caption and no prompt: the class's name
  EXPECT_EQ(data->read(0), jpeg(1));
  EXPECT_EQ(data->name(0), "a b.jpg");
  expect_error(Code::kNotFound, {"y.jpg"}, [&] { return data->read(1); });
}

TEST(Manifest, TakesOtherColumnNamesAndCaptionsWithoutLabels) {
  const TemporaryFolder folder;
  DataSource source;
  source.path = folder.write("m.csv", "path,text\n1.png,two words\n2.png,two words\n3.png,other\n");
  source.file_column = "path";
  source.caption_column = "text";
  const auto data = dataset_of({source});
  ASSERT_EQ(data->size(), 3U);
  EXPECT_EQ(data->class_of(0), data->class_of(1));
  EXPECT_NE(data->class_of(0), data->class_of(2));
}

TEST(Manifest, WithoutLabelsAnImageIsOfTheClassOfTheTextThatIsDrawn) {
  const TemporaryFolder folder;
  DataSource source;
  source.path =
      folder.write("m.csv",
                   "file,findings,impression\n1.png,clear lungs,normal\n2.png,no effusion,normal\n3.png,,normal\n"
                   "4.png,,\n");
  source.captions = {{"findings", 1}, {"impression", 1}};
  const auto data = dataset_of({source});
  ASSERT_EQ(data->size(), 3U) << "a row without its first text has another";
  EXPECT_EQ(data->broken().size(), 1U);
  std::set<std::string> seen;
  for (std::uint64_t draw = 0; draw < 64; ++draw) {
    const std::uint64_t choice = draw << 58U;  // the upper bits choose
    for (std::size_t a = 0; a < 3; ++a) {
      seen.insert(data->text(a, choice));
      for (std::size_t b = 0; b < 3; ++b) {
        // UniCL takes images of two classes for negatives: images of one text must not be.
        EXPECT_EQ(data->class_of(a, choice) == data->class_of(b, choice),
                  data->text(a, choice) == data->text(b, choice));
      }
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"clear lungs", "no effusion", "normal"}));
}

TEST(Manifest, OfARowWithALabelTheClassIsThatWhateverTextIsDrawn) {
  const TemporaryFolder folder;
  DataSource source;
  source.path = folder.write("m.csv", "file,label,a,b\n1.png,x,one,two\n2.png,x,three,four\n");
  source.captions = {{"a", 1}, {"b", 1}};
  const auto data = dataset_of({source});
  for (const std::uint64_t choice : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    EXPECT_EQ(data->class_of(0, choice), data->class_of(1, choice));
  }
}

TEST(Manifest, RefusesMissingColumnsAndEmptySplitsByName) {
  const TemporaryFolder folder;
  DataSource source;
  source.path = folder.write("m.csv", "file,label\na.png,x\n");
  source.file_column = "path";
  expect_error(Code::kBadFile, {"m.csv", "'path'", "file, label"}, [&] { dataset_of({source}); });
  source.file_column = "file";
  source.label_column = "class";
  expect_error(Code::kBadFile, {"'class'"}, [&] { dataset_of({source}); });
  source.label_column = "label";
  source.split = "train";
  expect_error(Code::kBadFile, {"'split'"}, [&] { dataset_of({source}); });
  source.path = folder.write("m.csv", "file,label,split\na.png,x,test\n");
  expect_error(Code::kBadFile, {"m.csv", "no record", "'train'"}, [&] { dataset_of({source}); });
  expect_error(Code::kBadArgument, {"no source"}, [&] { dataset_of({}); });
}

TEST(Manifest, CountsRowsWithoutFileOrLabelAsBroken) {
  const TemporaryFolder folder;
  DataSource source;
  source.path = folder.write("m.csv", "file,label\na.png,x\n,x\nb.png,\n");
  const auto data = dataset_of({source});
  EXPECT_EQ(data->size(), 1U);
  ASSERT_EQ(data->broken().size(), 2U);
  EXPECT_THAT(data->broken()[0].name, ::testing::HasSubstr("line 3"));
}

TEST(Classes, AreOneAcrossSourcesAndHavePromptsFromATable) {
  const TemporaryFolder folder;
  const auto classes = std::make_shared<ClassTable>();
  classes->add_prompts(folder.write("prompts.csv", "label,modality,prompt\ncat,m,a cat\ncat,m,one cat\ndog,m,a dog\n"));
  EXPECT_EQ(classes->size(), 2);
  DataSource first;
  first.path = folder.write("m.csv", "file,label\na.png,dog\nb.png,cat\nc.png,cow\n");
  const DataSource second = tsv(folder, "x\t" + base64(jpeg(1)) + "\n", label_json("x", "cow"));
  const Dataset data(std::vector{first, second}, classes, 1 << 20);
  ASSERT_EQ(data.size(), 4U);
  EXPECT_EQ(data.class_of(0), 1);
  EXPECT_EQ(data.class_of(1), 0);
  EXPECT_EQ(data.class_of(2), data.class_of(3));
  EXPECT_EQ(data.text(1, 0), "a cat");
  EXPECT_EQ(data.text(1, 1), "one cat");
  EXPECT_EQ(data.text(1, 2), "a cat");
  EXPECT_EQ(data.text(3, 9), "cow");
  expect_error(Code::kBadFile, {"line 2", "empty"},
               [&] { classes->add_prompts(folder.write("p.csv", "label,prompt\n,x\n")); });
}

TEST(Tsv, PairsImagesAndLabelsByRow) {
  const TemporaryFolder folder;
  const auto data = dataset_of(
      {tsv(folder, "a\t" + base64(jpeg(1)) + "\r\nb\t" + base64(jpeg(2)) + "\n", label_json("a", "cat") + "b\tdog")});
  ASSERT_EQ(data->size(), 2U);
  EXPECT_EQ(data->read(0), jpeg(1));
  EXPECT_EQ(data->read(1), jpeg(2));
  EXPECT_EQ(data->text(0, 0), "cat");
  EXPECT_EQ(data->text(1, 0), "dog");
}

TEST(Tsv, RefusesFilesOfDifferentLengths) {
  const TemporaryFolder folder;
  const DataSource source = tsv(folder, "a\tAAAA\n", label_json("a", "cat") + label_json("b", "cat"));
  expect_error(Code::kBadFile, {"images.tsv has 1 rows", "labels.tsv has 2"}, [&] { dataset_of({source}); });
}

TEST(Tsv, NeverTakesAnImageForAnotherNamesLabel) {
  const TemporaryFolder folder;
  const auto data = dataset_of({tsv(folder, "a\tAAAA\nb\tAAAA\n", label_json("b", "cat") + label_json("a", "dog"))});
  expect_error(Code::kBadFile, {"images.tsv: row 1", "another name"}, [&] { return data->read(0); });
}

TEST(Tsv, TellsBrokenRowsWithoutTheirContent) {
  const TemporaryFolder folder;
  const std::string secret = "SECRET";
  const auto data =
      dataset_of({tsv(folder, "a\t" + secret + "!\nb\t\nno tab\nd\tAAAA\n",
                      label_json("a", "x") + label_json("b", "x") + "no tab\td\nd\t{\"" + secret + "\n")});
  ASSERT_EQ(data->size(), 3U);
  ASSERT_EQ(data->broken().size(), 1U);
  EXPECT_THAT(data->broken()[0].reason, ::testing::HasSubstr("labels.tsv: row 4: not valid JSON"));
  EXPECT_THAT(data->broken()[0].reason, ::testing::Not(::testing::HasSubstr(secret)));
  try {
    static_cast<void>(data->read(0));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("row 1"));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr(secret)));
  }
  expect_error(Code::kBadFile, {"row 3", "no tab"}, [&] { return data->read(2); });
}

TEST(Tsv, LimitsTheDecodedSizeBeforeDecoding) {
  const TemporaryFolder folder;
  const DataSource source = tsv(folder, "a\t" + std::string(4000, 'A') + "\n", label_json("a", "x"));
  const Dataset data(std::vector{source}, std::make_shared<ClassTable>(), 1000);
  expect_error(Code::kTooLarge, {"row 1", "1000"}, [&] { return data.read(0); });
}

TEST(Tsv, UsesALineIndexThatIsAsNewAsTheFile) {
  const TemporaryFolder folder;
  const auto path = folder.write("f.tsv", "a\t1\nb\t2\nc\t3\n");
  folder.write("f.lineidx", "0\n8\n");
  const TsvFile indexed(path);
  ASSERT_EQ(indexed.rows(), 2U);
  EXPECT_EQ(indexed.row(1), "c\t3");
  // An older index is of an older file.
  std::filesystem::last_write_time(folder / "f.lineidx",
                                   std::filesystem::last_write_time(path) - std::chrono::hours(1));
  EXPECT_EQ(TsvFile(path).rows(), 3U);
}

TEST(Tsv, RefusesALineIndexThatLies) {
  const TemporaryFolder folder;
  const auto path = folder.write("f.tsv", "a\t1\nb\t2\nc\t3\n");
  for (const char* index : {"1\n4\n", "0\n8\n4\n", "0\n99\n", "0\nx\n", "", "0\n4 \n", "0\n-4\n"}) {
    folder.write("f.lineidx", index);
    expect_error(Code::kBadFile, {"f.lineidx"}, [&] { TsvFile{path}; });
  }
  folder.write("f.lineidx", "0\n5\n");
  const TsvFile file(path);
  expect_error(Code::kBadFile, {"row 2"}, [&] { return file.row(1); });
}

TEST(Tsv, OfNothingHasNoRows) {
  const TemporaryFolder folder;
  EXPECT_EQ(TsvFile(folder.write("f.tsv", "")).rows(), 0U);
  expect_error(Code::kNotFound, {"g.tsv"}, [&] { TsvFile(folder / "g.tsv"); });
}

TEST(LabelRow, RefusesWhatIsNoLabel) {
  const auto refused = [](Code code, const std::string& line, const std::string& word) {
    expect_error(code, {"where", word}, [&] { parse_label_row(line, "where"); });
  };
  refused(Code::kBadFile, "no tab", "no tab");
  refused(Code::kBadFile, "\tclass", "no name");
  refused(Code::kBadFile, "a\t", "no name");
  refused(Code::kBadFile, "a\t\xFF", "UTF-8");
  refused(Code::kBadFile, "a\t{", "JSON");
  refused(Code::kBadFile, "a\t{}", "class_name");
  refused(Code::kBadFile, "a\t{\"class_name\": 3}", "class_name");
  refused(Code::kBadFile, "a\t{\"class_name\": \"\"}", "no name");
  refused(Code::kTooLarge, "a\t" + std::string(kMaxLabelRowBytes, 'x'), "limit");
  // Nesting costs no stack.
  refused(Code::kBadFile, "a\t{\"x\": " + std::string(500'000, '['), "nested");
}

}  // namespace
}  // namespace mi2::dataset::testing
