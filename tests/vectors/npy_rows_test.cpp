// What the rows of an array are, beside it: written, read back, and refused where it is of another array.

#include "vectors/npy_rows.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_sink.hpp"
#include "support/expect_error.hpp"

namespace mi2::vectors {
namespace {

using ::testing::ElementsAre;

class Text final : public base::ByteSink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  void rewrite_start(std::string_view) override {}
  std::string text;
};

const Provenance kOrigin{"0.2.0", std::string(64, 'a'), "raw", "f32", "avx2"};

VectorTable two_rows() {
  VectorTable table;
  table.source = "v.npy";
  table.vectors = {{1, 0, 0, 1}, 2};
  return table;
}

std::string rows_of(const VectorTable& table) {
  Text sink;
  RowsWriter writer(sink, kOrigin);
  writer.write(InputKind::kImage, "a.dcm", FramePlace{3, 12}, table.vectors.row(0), std::vector<std::string>{"doubt"});
  writer.write(InputKind::kText, "a \"text\"", std::nullopt, table.vectors.row(1), {});
  writer.finish();
  return sink.text;
}

TEST(NpyRows, ReadsWhatItWrites) {
  VectorTable table = two_rows();
  parse_rows(table, rows_of(table), "v.npy.rows.jsonl");
  EXPECT_THAT(table.names, ElementsAre("a.dcm", "a \"text\""));
  EXPECT_THAT(table.frames, ElementsAre(3, 0));
  ASSERT_TRUE(table.provenance);
  EXPECT_EQ(table.provenance->weights_sha256, kOrigin.weights_sha256);
  EXPECT_EQ(table.provenance->instructions, "avx2");
}

TEST(NpyRows, RefusesThoseOfAnotherArray) {
  const std::string rows = rows_of(two_rows());
  VectorTable swapped = two_rows();
  swapped.vectors = {{0, 1, 1, 0}, 2};
  VectorTable shorter = two_rows();
  shorter.vectors = {{1, 0}, 2};
  for (VectorTable* table : {&swapped, &shorter}) {
    test::expect_error(Code::kBadFile, {"rows.jsonl", "another array"},
                       [&] { parse_rows(*table, rows, "rows.jsonl"); });
    EXPECT_TRUE(table->names.empty());
  }
}

TEST(NpyRows, RefusesLinesThatNameNothing) {
  const std::string rows = rows_of(two_rows());
  const std::string end = rows.substr(rows.find("{\"rows\""));
  for (const std::string line : {R"({"path": 3})", R"({"path": "a", "text": "b"})", "{}", "[]", "junk"}) {
    VectorTable table = two_rows();
    test::expect_error(Code::kBadFile, {"r"},
                       [&] { parse_rows(table, "{\"path\": \"a\"}\n" + line + "\n" + end, "r"); });
    EXPECT_TRUE(table.names.empty());
  }
  VectorTable table = two_rows();
  test::expect_error(Code::kBadFile, {"r"}, [&] { parse_rows(table, "", "r"); });
}

TEST(NpyRows, RefusesAProvenanceThatIsNoneOrChanges) {
  const std::string rows = rows_of(two_rows());
  const std::string end = rows.substr(rows.find("{\"rows\""));
  const auto refused = [&](const std::string& first, const std::string& second, const std::string& words) {
    SCOPED_TRACE(first + second);
    VectorTable table = two_rows();
    const std::string text = R"({"path": "a")" + first + "}\n" + R"({"path": "b")" + second + "}\n" + end;
    test::expect_error(Code::kBadFile, {"r: line", words}, [&] { parse_rows(table, text, "r"); });
  };
  refused(R"(, "provenance": 3)", "", "is no object");
  refused(R"(, "provenance": {"weights_sha256": 3})", "", "'weights_sha256' is no string");
  const std::string one = R"(, "provenance": {"weights_sha256": "a"})";
  refused(one, "", "another model");
  refused(one, R"(, "provenance": {"weights_sha256": "b"})", "another model");
}

}  // namespace
}  // namespace mi2::vectors
