// Files of embeddings and labels: what is read, what is refused, and what belongs together.

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "vectors/vectors.hpp"

namespace mi2::vectors {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using ::testing::ElementsAre;

constexpr std::string_view kTwoRows =
    "{\"path\": \"a.png\", \"embedding\": [1, -0.5]}\n{\"path\": \"b.png\", \"embedding\": [2e-1,0], \"more\": {\"x\": "
    "[1]}}\n";

/// A NumPy file of format 1.0.
std::string npy(const std::string& dictionary, std::string_view data) {
  std::string header = dictionary;
  header.resize(118 - 1, ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + std::string(data);
}

template <typename Number>
std::string bytes_of(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

TEST(Vectors, ReadsJsonLines) {
  const VectorTable table = parse_vectors(kTwoRows, "e");
  EXPECT_EQ(table.vectors.dimensions(), 2U);
  EXPECT_THAT(table.names, ElementsAre("a.png", "b.png"));
  EXPECT_THAT(table.vectors.numbers(), ElementsAre(1.0F, -0.5F, 0.2F, 0.0F));
  EXPECT_FALSE(table.provenance);
}

TEST(Vectors, KeepsProvenance) {
  const std::string row =
      R"({"text": "t", "embedding": [1], "provenance": {"weights_sha256": "ab", "profile": "raw", "dtype": "f32", "version": "1"}})";
  const VectorTable table = parse_vectors(row + "\n" + row + "\n", "e");
  ASSERT_TRUE(table.provenance);
  EXPECT_EQ(table.provenance->weights_sha256, "ab");
  EXPECT_EQ(table.provenance->dtype, "f32");
  std::string other = row;
  other.replace(other.find("\"ab\""), 4, "\"cd\"");
  expect_error(Code::kBadFile, {"e: line 2", "another model"}, [&] { parse_vectors(row + "\n" + other, "e"); });
  expect_error(Code::kBadFile, {"e: line 2", "another model"},
               [&] { parse_vectors(row + "\n{\"text\": \"u\", \"embedding\": [1]}", "e"); });
}

TEST(Vectors, RefusesAProvenanceThatSaysAThingTwiceOrNotAsText) {
  const auto refused = [](const std::string& provenance, const std::string& words) {
    SCOPED_TRACE(provenance);
    expect_error(Code::kBadFile, {"e: line 1: its provenance", words},
                 [&] { parse_vectors(R"({"text": "t", "embedding": [1], "provenance": )" + provenance + "}", "e"); });
  };
  refused(R"({"weights_sha256": "ab", "weights_sha256": "cd"})", "a key twice");
  refused(R"({"dtype": "f32", "profile": "raw", "dtype": "f32"})", "a key twice");
  for (const char* value : {"1", "-1", "0.5", "null", "true", "[\"ab\"]", "{\"a\": \"ab\"}"}) {
    refused(std::string(R"({"profile": "raw", "weights_sha256": )") + value + "}", "'weights_sha256' is ");
  }
  // Of keys that mean nothing here anything passes.
  const VectorTable table = parse_vectors(
      R"({"text": "t", "embedding": [1], "provenance": {"dtype": "f32", "host": 3, "host": ["a"], "x": {"dtype": 1}}})",
      "e");
  EXPECT_EQ(table.provenance.value().dtype, "f32");
}

TEST(Vectors, RefusesBadJsonLinesByNumber) {
  const std::string good = "{\"path\": \"a\", \"embedding\": [1]}\n";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"nonsense", "not JSON"},
      {"[1]", "expected an object, got an array"},
      {"{\"embedding\": [1]}", "neither a path nor a text"},
      {"{\"path\": \"a\"}", "no embedding"},
      {"{\"path\": \"a\", \"embedding\": []}", "no embedding"},
      {"{\"path\": \"a\", \"embedding\": [1, 2]}", "2 numbers, those before have 1"},
      {"{\"path\": \"a\", \"embedding\": [\"1\"]}", "numbers in the embedding, got a string"},
      {"{\"path\": \"a\", \"embedding\": [[1]]}", "numbers in the embedding, got an array"},
      {"{\"path\": \"a\", \"embedding\": [1e39]}", "not finite"},
      {"{\"path\": \"a\", \"embedding\": {\"x\": 1}}", "'embedding' is an object"},
      {"{\"path\": 1, \"embedding\": [1]}", "'path' is a number"},
      {"{\"path\": \"a\", \"text\": \"b\", \"embedding\": [1]}", "both a path and a text"},
      {"{\"path\": \"a\", \"path\": \"b\", \"embedding\": [1]}", "a key twice"},
      {"{\"path\": \"a\", \"embedding\": [1]} x", "not JSON"},
      {"{\"path\": \"\xff\", \"embedding\": [1]}", "not JSON"},
      {"{\"path\": \"a\", \"x\": " + std::string(40, '[') + std::string(40, ']') + ", \"embedding\": [1]}", "deeply"}};
  for (const auto& [line, words] : cases) {
    SCOPED_TRACE(line);
    expect_error(Code::kBadFile, {"e: line 2", words}, [&good, &text = line] { parse_vectors(good + text, "e"); });
  }
}

TEST(Vectors, ReadsCsvWithAndWithoutProvenance) {
  const VectorTable plain = parse_vectors("kind,input,e0,e1\nimage,a.png,1,2\ntext,\"x, y\",3,4.5\n", "e");
  EXPECT_THAT(plain.names, ElementsAre("a.png", "x, y"));
  EXPECT_THAT(plain.vectors.numbers(), ElementsAre(1.0F, 2.0F, 3.0F, 4.5F));
  const VectorTable known =
      parse_vectors("kind,input,weights_sha256,profile,dtype,version,e0\nimage,a,ab,raw,f32,1,5\n", "e");
  EXPECT_EQ(known.provenance.value().weights_sha256, "ab");
  EXPECT_THAT(known.vectors.numbers(), ElementsAre(5.0F));
}

TEST(Vectors, RefusesBadCsv) {
  expect_error(Code::kBadFile, {"no column 'e0'"}, [] { parse_vectors("input,x\na,1\n", "e"); });
  expect_error(Code::kBadFile, {"column 3 must be 'e1'"}, [] { parse_vectors("input,e0,e2\na,1,2\n", "e"); });
  expect_error(Code::kBadFile, {"no column 'path'", "'input'"}, [] { parse_vectors("x,e0\na,1\n", "e"); });
  for (const char* field : {"nan", "1x", "", "inf", "1e99"}) {
    expect_error(Code::kBadFile, {"line 3", "no finite number"},
                 [&] { parse_vectors(std::string("input,e0\na,1\nb,") + field + "\n", "e"); });
  }
}

TEST(Vectors, ReadsArraysOfFloatAndDouble) {
  const VectorTable floats = parse_vectors(
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", bytes_of<float>({1, 2, 3, 4, 5, 6})), "e");
  EXPECT_EQ(floats.vectors.dimensions(), 3U);
  EXPECT_EQ(floats.vectors.rows(), 2U);
  EXPECT_TRUE(floats.names.empty());
  const VectorTable doubles =
      parse_vectors(npy("{'shape': (1, 2), 'fortran_order': False, 'descr': '<f8'}", bytes_of<double>({0.5, 2})), "e");
  EXPECT_THAT(doubles.vectors.numbers(), ElementsAre(0.5F, 2.0F));
}

TEST(Vectors, RowsWithoutNumbersAreNone) {
  const VectorTable table = parse_vectors(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9, 0), }", ""), "e");
  EXPECT_EQ(table.vectors.rows(), 0U);
}

TEST(Vectors, RefusesArraysThatAreNotWhatTheySay) {
  const std::string data = bytes_of<float>({1, 2});
  const auto refused = [&](Code code, const std::string& dictionary, const std::string& words) {
    SCOPED_TRACE(dictionary);
    expect_error(code, {"e: ", words}, [&] { parse_vectors(npy(dictionary, data), "e"); });
  };
  refused(Code::kUnsupported, "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 4)}", "float32 or float64");
  refused(Code::kUnsupported, "{'descr': '|O', 'fortran_order': False, 'shape': (1, 2)}", "float32 or float64");
  refused(Code::kUnsupported, "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2)}", "Fortran");
  refused(Code::kUnsupported, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "1 axes");
  refused(Code::kBadFile, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}",
          "expected 16 bytes of data for its shape, got 8");
  refused(Code::kTooLarge, "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "");
  refused(Code::kTooLarge, "{'descr': '<f4', 'fortran_order': False, 'shape': (100000, 60000)}", "limits");
  refused(Code::kBadFile, "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1, 2)}", "neither True nor False");
  refused(Code::kBadFile, "{'descr': '<f4', 'shape': (1, 2)}", "no descr, fortran_order or shape");
  refused(Code::kBadFile, "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)}", "expected an extent");
  refused(Code::kBadFile, "{'descr", "not closed");
  expect_error(Code::kBadFile, {"ends inside"}, [] { parse_vectors("\x93NUMPY\x01", "e"); });
  expect_error(Code::kBadFile, {"not finite"}, [] {
    parse_vectors(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1)}", bytes_of<double>({1e300})), "e");
  });
}

TEST(Vectors, NamesOfAnArrayComeFromAnotherFile) {
  const TemporaryFolder folder;
  VectorTable table =
      parse_vectors(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}", bytes_of<float>({1, 2})), "e");
  expect_error(Code::kBadFile, {"1 lines", "2 rows"}, [&] { name_rows(table, folder.write("one.txt", "a\n")); });
  name_rows(table, folder.write("two.txt", "a\r\nb"));
  EXPECT_THAT(table.names, ElementsAre("a", "b"));
  expect_error(Code::kBadArgument, {"names already"}, [&] { name_rows(table, folder / "two.txt"); });
}

TEST(Vectors, NamesOfAnArrayAreTextWithoutAByteOrderMark) {
  const TemporaryFolder folder;
  const auto named = [&](std::string_view names) {
    VectorTable table =
        parse_vectors(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}", bytes_of<float>({1, 2})), "e");
    name_rows(table, folder.write("names.txt", names));
    return table.names;
  };
  EXPECT_THAT(named("\xEF\xBB\xBF"
                    "a.png\n b.png \n"),
              ElementsAre("a.png", " b.png "));
  expect_error(Code::kBadFile, {"names.txt: byte 3 is zero"}, [&] { named({"a.\0ng\nb", 7}); });
  expect_error(Code::kBadFile, {"names.txt: byte 1 is not UTF-8"}, [&] { named("\xFF\nb"); });
  expect_error(Code::kBadFile, {"names.txt: line 1 is empty"}, [&] { named("\nb"); });
}

TEST(Vectors, AFileWithoutARowIsRefused) {
  const TemporaryFolder folder;
  expect_error(Code::kBadFile, {"no embedding"}, [&] { read_vectors(folder.write("e.csv", "input,e0\n")); });
  expect_error(Code::kNotFound, {"nowhere"}, [&] { read_vectors(folder / "nowhere"); });
}

}  // namespace
}  // namespace mi2::vectors
