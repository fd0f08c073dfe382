#include "vectors/vector_file.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "vectors/embedding_writers.hpp"
#include "vectors/npy_rows.hpp"

namespace mi2::vectors {
namespace {

using test::expect_error;
using test::TemporaryFolder;

class Sink final : public base::ByteSink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  void rewrite_start(std::string_view /*bytes*/) override {}
  std::string text;
};

const std::array<std::vector<float>, 3> kRows{{{0.6F, 0.8F}, {1, 0}, {-0.8F, 0.6F}}};

std::string written(std::string_view format, bool provenance) {
  Sink sink;
  std::optional<Provenance> made_by;
  if (provenance) made_by = Provenance{"1", "abc", "native", "f32", "avx2"};
  const auto writer = make_embedding_writer(format, sink, 2, made_by);
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    writer->write(InputKind::kImage, "p, " + std::to_string(i), std::nullopt, kRows[i], {});
  }
  writer->finish();
  return sink.text;
}

TEST(VectorFile, HasTheRowsOfEachFormat) {
  for (const std::string format : {"jsonl", "csv", "npy"}) {
    SCOPED_TRACE(format);
    const auto file = VectorFile::of(written(format, format != "npy"), "v");
    ASSERT_EQ(file->rows(), 3U);
    EXPECT_EQ(file->dimensions(), 2U);
    for (std::uint64_t row = 3; row-- > 0;) EXPECT_EQ(file->vector(row), kRows[row]);
    EXPECT_EQ(file->named(), format != "npy");
    if (!file->named()) continue;
    EXPECT_EQ(file->row(2).name, "p, 2");
    EXPECT_EQ(file->provenance()->weights_sha256, "abc");
  }
}

TEST(VectorFile, TakesTheNamesBesideAnArray) {
  Sink names;
  RowsWriter writer(names, Provenance{"1", "abc", "native", "f32"});
  for (const auto& row : kRows) writer.write(InputKind::kImage, "a", FramePlace{2, 5}, row, {});
  writer.finish();
  const auto file = VectorFile::of(written("npy", false), "v", names.text);
  EXPECT_EQ(file->row(1).name, "a");
  EXPECT_EQ(file->row(1).frame, 2U);
  EXPECT_EQ(file->row(1).frames, 5U);
  EXPECT_EQ(file->provenance()->weights_sha256, "abc");
  std::string other = written("npy", false);
  other.back() = 0x40;
  expect_error(Code::kBadFile, {"of another array"}, [&] { VectorFile::of(other, "v", names.text); });
}

TEST(VectorFile, KeepsWhatIsWrongWithOneLineApart) {
  const std::string bad = "{\"path\": \"x\", \"embedding\": [NaN, 1]}\n{\"path\": \"y\"}\n[]\n";
  const auto file = VectorFile::of(bad + written("jsonl", false), "v");
  ASSERT_EQ(file->rows(), 6U);
  for (std::uint64_t row = 0; row < 3; ++row) ASSERT_NE(file->fault(row), nullptr);
  EXPECT_EQ(file->fault(3), nullptr);
  EXPECT_EQ(file->vector(3), kRows[0]);
  expect_error(Code::kBadFile, {"v: line 1"}, [&] { VectorFile::of(bad, "v"); });
  const std::string longer = written("jsonl", false) + "{\"path\": \"z\", \"embedding\": [1, 0, 0]}\n";
  expect_error(Code::kBadFile, {"v: line 4", "3 numbers"}, [&] { VectorFile::of(longer, "v"); });
  const auto table = VectorFile::of("path,e0,e1\na,1,0\nb,1\n\"c\nd\",0,1\ne,x,1\n", "v");
  ASSERT_EQ(table->rows(), 4U);
  EXPECT_NE(table->fault(1), nullptr);
  EXPECT_EQ(table->row(2).name, "c\nd");
  EXPECT_NE(table->fault(3), nullptr);
}

TEST(VectorFile, OfAFileThatIsWrittenMeanwhileNothingIsBelieved) {
  const TemporaryFolder folder;
  const auto path = folder.write("v.npy", written("npy", false));
  const auto file = VectorFile::open(path);
  EXPECT_EQ(file->vector(0), kRows[0]);
  folder.write("v.npy", written("npy", false).substr(0, 130));
  expect_error(Code::kBadFile, {"v.npy"}, [&] { static_cast<void>(file->vector(2)); });
}

TEST(VectorFile, OtherFormatsAreRefusedByName) {
  EXPECT_TRUE(is_vector_file("a/V.NPY") && is_vector_file("v.jsonl") && is_vector_file("v.csv"));
  EXPECT_FALSE(is_vector_file("v.dcm") || is_vector_file("npy"));
  expect_error(Code::kUnsupported, {"v.parquet", "add_vectors"}, [] { is_vector_file("v.parquet"); });
  expect_error(Code::kBadArgument, {"2 names of 3 rows"}, [] {
    VectorFile::of({1, 0, 1, 0, 1, 0}, 2, std::vector<NamedRow>(2), std::nullopt, "v");
  });
}

}  // namespace
}  // namespace mi2::vectors
