// What is written is read back: same names, same numbers, same origin, in every format.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "vectors/embedding_writers.hpp"
#include "vectors/vectors.hpp"

namespace mi2::vectors {
namespace {

class Text final : public base::ByteSink {
 public:
  explicit Text(bool rewritable) : rewritable_(rewritable) {}
  void write(std::string_view bytes) override { text += bytes; }
  [[nodiscard]] bool can_rewrite() const noexcept override { return rewritable_; }
  void rewrite_start(std::string_view bytes) override { text.replace(0, bytes.size(), bytes); }
  std::string text;

 private:
  bool rewritable_;
};

const std::vector<std::string> kNames{"a.png", "with, \"quotes\"\nand lines", "caf\xC3\xA9/b.dcm"};
const std::vector<std::array<float, 4>> kRows{
    {0.1F, -0.0F, 1.0F / 3.0F, 1.4e-45F}, {3.4028235e38F, 0, 1, -0.99999994F}, {1e-38F, 2, 3, 4}};
const Provenance kOrigin{"1.2.3", "abc", "raw", "bf16", "amx"};

std::string written(std::string_view format, bool rewritable, const std::optional<Provenance>& origin) {
  Text sink(rewritable);
  const auto writer = make_embedding_writer(format, sink, kRows.front().size(), origin);
  for (std::size_t r = 0; r < kRows.size(); ++r) {
    writer->write(r == 1 ? InputKind::kText : InputKind::kImage, kNames[r], std::nullopt, kRows[r], {});
  }
  writer->finish();
  return sink.text;
}

void expect_equal(const VectorTable& table) {
  ASSERT_EQ(table.vectors.rows(), kRows.size());
  ASSERT_EQ(table.vectors.dimensions(), kRows.front().size());
  // By value: "-0" is an integer to a reader of JSON, so the sign of a zero is lost there.
  for (std::size_t r = 0; r < kRows.size(); ++r) {
    EXPECT_TRUE(std::equal(kRows[r].begin(), kRows[r].end(), table.vectors.row(r).begin(), table.vectors.row(r).end()))
        << r;
  }
}

TEST(EmbeddingWriters, JsonLinesAndCsvAreReadBackEqual) {
  for (const std::string_view format : {"jsonl", "csv"}) {
    for (const bool with_origin : {false, true}) {
      const auto origin = with_origin ? std::optional(kOrigin) : std::nullopt;
      const VectorTable table = parse_vectors(written(format, false, origin), format);
      expect_equal(table);
      EXPECT_EQ(table.names, kNames) << format;
      ASSERT_EQ(table.provenance.has_value(), with_origin) << format;
      if (!with_origin) continue;
      EXPECT_EQ(table.provenance->weights_sha256, kOrigin.weights_sha256);
      EXPECT_EQ(table.provenance->profile, kOrigin.profile);
      EXPECT_EQ(table.provenance->dtype, kOrigin.dtype);
      EXPECT_EQ(table.provenance->version, kOrigin.version);
      EXPECT_EQ(table.provenance->instructions, kOrigin.instructions);
    }
  }
}

TEST(EmbeddingWriters, ArraysAreReadBackEqualFromFilesAndPipes) {
  const std::string file = written("npy", true, std::nullopt);
  EXPECT_EQ(file, written("npy", false, std::nullopt));
  const VectorTable table = parse_vectors(file, "npy");
  expect_equal(table);
  EXPECT_TRUE(table.names.empty());
}

TEST(EmbeddingWriters, WarningsArePartOfJsonLinesAndDoNotKeepThemFromBeingRead) {
  Text sink(false);
  const auto writer = make_embedding_writer("jsonl", sink, kRows.front().size(), std::nullopt);
  const std::vector<std::string> warnings{"one_value: every pixel", "codec: \"x\""};
  writer->write(InputKind::kImage, "a.dcm", std::nullopt, kRows[1], warnings);
  writer->write(InputKind::kImage, "b.dcm", std::nullopt, kRows[1], {});
  EXPECT_NE(sink.text.find(R"(], "warnings": ["one_value: every pixel", "codec: \"x\""]})"), std::string::npos)
      << sink.text;
  EXPECT_EQ(sink.text.find("warnings", sink.text.find('\n')), std::string::npos);
  EXPECT_EQ(parse_vectors(sink.text, "jsonl").names, (std::vector<std::string>{"a.dcm", "b.dcm"}));
}

TEST(EmbeddingWriters, FramesAreReadBackBesideTheirPaths) {
  for (const std::string_view format : {"jsonl", "csv"}) {
    for (const auto& origin : {std::optional<Provenance>(), std::optional(kOrigin)}) {
      Text sink(false);
      const auto writer = make_embedding_writer(format, sink, kRows.front().size(), origin, RowPlaces::kFrames);
      writer->write(InputKind::kText, "t", std::nullopt, kRows[0], {});
      writer->write(InputKind::kImage, "a.dcm", FramePlace{2, 9}, kRows[1], {});
      writer->write(InputKind::kImage, "a.dcm", FramePlace{9, 9}, kRows[2], {});
      const VectorTable table = parse_vectors(sink.text, format);
      expect_equal(table);
      EXPECT_EQ(table.names, (std::vector<std::string>{"t", "a.dcm", "a.dcm"})) << format;
      EXPECT_EQ(table.frames, (std::vector<std::uint64_t>{0, 2, 9})) << format;
      EXPECT_EQ(table.provenance.has_value(), origin.has_value());
    }
    EXPECT_TRUE(parse_vectors(written(format, false, std::nullopt), format).frames.empty()) << "none named";
  }
}

TEST(EmbeddingWriters, WhatCannotBeWrittenIsRefused) {
  Text sink(true);
  test::expect_error(Code::kBadArgument, {"xml", "jsonl, csv or npy"},
                     [&] { make_embedding_writer("xml", sink, 1, std::nullopt); });
  test::expect_error(Code::kBadArgument, {"--provenance"}, [&] { make_embedding_writer("npy", sink, 1, kOrigin); });
  const std::array<float, 1> bad{std::numeric_limits<float>::quiet_NaN()};
  for (const std::string_view format : {"jsonl", "csv", "npy"}) {
    const auto writer = make_embedding_writer(format, sink, 1, std::nullopt);
    EXPECT_THROW(writer->write(InputKind::kImage, "a", std::nullopt, bad, {}), Error) << format;
  }
}

}  // namespace
}  // namespace mi2::vectors
