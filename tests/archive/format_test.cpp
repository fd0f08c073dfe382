#include "archive/format.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "archive/segments.hpp"
#include "archive/slices.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive {
namespace {

Format small(std::size_t dimensions = 4) {
  Format format;
  format.dimensions = dimensions;
  format.id = "00112233445566778899aabbccddeeff";
  format.created = "2020-01-31T12:00:00Z";
  format.space = space_of("abc", "raw");
  return format;
}

std::vector<float> row_of(float number) { return {number, 0.0F, 0.0F, 1.0F}; }

TEST(Format, IsReadBackAsItWasWritten) {
  const Format read = parse_format(to_json(small()), "archive.json");
  EXPECT_EQ(read.dimensions, 4U);
  EXPECT_EQ(read.id, small().id);
  EXPECT_EQ(read.space, small().space);
}

TEST(Format, SaysOfWhichArchiveItIsMade) {
  Format made = small();
  made.id = "ffeeddccbbaa99887766554433221100";
  EXPECT_EQ(to_json(small()).find("reembedded_from"), std::string::npos);
  EXPECT_FALSE(are_related(made, small()));
  made.reembedded_from = small().id;
  EXPECT_EQ(parse_format(to_json(made), "archive.json").reembedded_from, small().id);
  EXPECT_TRUE(are_related(made, small()));
  EXPECT_TRUE(are_related(small(), made));
  EXPECT_TRUE(are_related(small(), small()));
  made.reembedded_from = "nobody";
  test::expect_error(Code::kBadFile, {"'reembedded_from' of 32 hexadecimal digits"},
                     [&] { static_cast<void>(parse_format(to_json(made), "archive.json")); });
  // Two of no other one are not of the same.
  Format other = small();
  other.id = "0123456789abcdef0123456789abcdef";
  EXPECT_FALSE(are_related(other, small()));
}

TEST(Format, NamesWhatDiffersBetweenTwoSpaces) {
  test::expect_error(Code::kBadArgument, {"a: expected weights abc", "got def of the model"},
                     [] { require_same(space_of("abc", "raw"), space_of("def", "raw"), "a", "the model"); });
  test::expect_error(Code::kBadArgument, {"profile raw", "azure 512 75"},
                     [] { require_same(space_of("abc", "raw"), space_of("abc", "azure"), "a", "the model"); });
}

TEST(Segments, HeaderSaysWhichSegmentOfWhichArchiveItIs) {
  const std::string header = segment_header(small(), 3);
  ASSERT_EQ(header.size(), kSegmentHeader);
  const auto check = [](const std::string& bytes, const Format& format, std::uint64_t number) {
    check_segment_header(std::as_bytes(std::span(bytes)), format, number, "s.f32");
  };
  check(header, small(), 3);
  test::expect_error(Code::kBadFile, {"s.f32", "segment 2", "got segment 3"}, [&] { check(header, small(), 2); });
  test::expect_error(Code::kBadFile, {"4 dimensions"}, [&] { check(header, small(8), 3); });
  Format other = small();
  other.id[5] = '0';
  test::expect_error(Code::kBadFile, {"another archive"}, [&] { check(header, other, 3); });
  for (std::size_t i = 0; i < header.size(); ++i) {
    std::string damaged = header;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    test::expect_error(Code::kBadFile, {"s.f32"}, [&] { check(damaged, small(), 3); });
  }
  test::expect_error(Code::kBadFile, {"63 bytes"}, [&] { check(header.substr(0, 63), small(), 3); });
}

TEST(Segments, RowsPastTheLastCommittedOneAreOverwritten) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "vectors");
  {
    SegmentWriter writer(folder.path(), small(), 0);
    for (const float number : {1.0F, 2.0F, 3.0F}) writer.append(row_of(number));
    writer.sync();
  }
  SegmentWriter writer(folder.path(), small(), 1);  // only the first was committed
  writer.append(row_of(9.0F));
  writer.sync();
  const Segments read(folder.path(), small(), 2);
  EXPECT_EQ(read.row(0)[0], 1.0F);
  EXPECT_EQ(read.row(1)[0], 9.0F);
  EXPECT_EQ(writer.read(0), row_of(1.0F));
}

TEST(Segments, RowsGoOnInTheNextFile) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "vectors");
  // As if all but the last row of the first segment were there: a file with a hole.
  const std::string header = segment_header(small(), 1);
  folder.write("vectors/000001.f32", header);
  std::filesystem::resize_file(segment_file(folder.path(), 1), kSegmentHeader + kSegmentRows * 16);
  SegmentWriter writer(folder.path(), small(), kSegmentRows - 1);
  for (const float number : {1.0F, 2.0F}) writer.append(row_of(number));
  writer.sync();
  const Segments read(folder.path(), small(), kSegmentRows + 1);
  ASSERT_EQ(read.count(), 2U);
  EXPECT_EQ(read.row(kSegmentRows - 1)[0], 1.0F);
  EXPECT_EQ(read.row(kSegmentRows)[0], 2.0F);
  EXPECT_EQ(read.block(1).size(), 4U);
  // Back in the first one, and on in the second.
  EXPECT_EQ(writer.read(0), std::vector<float>(4, 0.0F));
  writer.append(row_of(3.0F));
  EXPECT_EQ(writer.read(kSegmentRows), row_of(2.0F));
  EXPECT_EQ(writer.read(kSegmentRows + 1), row_of(3.0F));
}

TEST(Segments, OfALengthThatTheCatalogDoesNotAllowAreRefused) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "vectors");
  {
    SegmentWriter writer(folder.path(), small(), 0);
    writer.append(row_of(1.0F));
    writer.sync();
  }
  test::expect_error(Code::kBadFile, {"000001.f32", "at least 96 bytes"},
                     [&] { SegmentWriter(folder.path(), small(), 2); });
}

TEST(WriterLock, IsHeldByOne) {
  const test::TemporaryFolder folder;
  const WriterLock lock(folder.path());
  test::expect_error(Code::kOverloaded, {"another process writes"}, [&] { WriterLock(folder.path()); });
}

TEST(Slices, AreThoseAsked) {
  using Places = std::vector<std::uint64_t>;
  EXPECT_EQ(chosen(parse_slices("all"), 3), (Places{0, 1, 2}));
  EXPECT_EQ(chosen(parse_slices("max:4"), 3), (Places{0, 1, 2}));
  EXPECT_EQ(chosen(parse_slices("max:2"), 10), (Places{2, 7}));
  EXPECT_EQ(chosen(parse_slices("every:18446744073709551615"), 3), (Places{0}));
  EXPECT_EQ(chosen(parse_slices("center:4"), 10), (Places{3, 4, 5, 6}));
  EXPECT_EQ(chosen(parse_slices("center:1"), 1), (Places{0}));
  EXPECT_EQ(chosen(parse_slices("all"), 0), Places{});
  for (const char* text : {"all", "max:32", "every:2", "center:20"}) EXPECT_EQ(to_string(parse_slices(text)), text);
}

TEST(Pseudonym, TellsIssuersApart) {
  EXPECT_NE(pseudonym("k", "a", "b1"), pseudonym("k", "ab", "1"));
  EXPECT_NE(pseudonym("k", "a", "1"), pseudonym("l", "a", "1"));
}

}  // namespace
}  // namespace mi2::archive
