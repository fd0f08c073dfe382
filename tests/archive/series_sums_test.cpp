// The means of series that grow slice by slice: the same bits as of all slices at once.

#include "archive/series_sums.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "archive/archive.hpp"
#include "archive/growing.hpp"
#include "archive/served.hpp"
#include "archive/upkeep.hpp"
#include "base/hash.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive {
namespace {

/// Puts a slice into a series, and pools it.
void put(Writer& writer, const std::string& study, int place, std::span<const float> vector) {
  Catalog& catalog = writer.catalog();
  Catalog::Transaction all(catalog, true);
  const std::int64_t seq = catalog.add_change("add", 1);
  const Id space = catalog.space(provenance());
  StudyFacts facts;
  facts.uid = study;
  SeriesFacts series;
  series.uid = study + ".1";
  const Id in = catalog.series(series, catalog.study(facts, std::nullopt));
  InstanceFacts instance;
  instance.sop_uid = fmt::format("{}.{}", series.uid, place);
  instance.locator = fmt::format("{}-{}.dcm", study, place);
  FrameFacts frame;
  frame.row = writer.segments().next();
  frame.instance = catalog.instance(instance, in, std::nullopt);
  frame.series = in;
  frame.position = place;
  frame.crc = base::crc32c(std::as_bytes(vector));
  writer.segments().append(vector);
  catalog.add_frame(frame, space, seq);
  writer.pool(in, space, seq);
  writer.segments().sync();
  all.commit();
}

class SeriesSumsTest : public ::testing::Test {
 protected:
  SeriesSumsTest() {
    for (const char* name : {"served", "alone"}) {
      static_cast<void>(Writer::create(folder_.path() / name, kWidth, space_of("abc", "raw")));
    }
    served_.emplace(folder_.path() / "served", 1);
  }

  /// Into an archive that is served, and into one whose every writer sums everything.
  void put_both(const std::string& study, int place) {
    const std::span<const float> vector = vectors_.row(next_++);
    served_->write([&](Writer& writer) { put(writer, study, place, vector); });
    Writer alone(folder_.path() / "alone");
    put(alone, study, place, vector);
  }

  /// By series, the checksum of its mean.
  std::map<Id, std::uint32_t> means(const char* name) const {
    Reader reader(folder_.path() / name);
    std::map<Id, std::uint32_t> found;
    for (const RowFacts& row : reader.rows()) {
      if (!row.deleted && row.kind == RowFacts::Kind::kSeries) found[row.series] = row.crc;
    }
    return found;
  }

  void expect_same(std::size_t series) const {
    const auto found = means("served");
    EXPECT_EQ(found.size(), series);
    EXPECT_EQ(found, means("alone"));
  }

  test::TemporaryFolder folder_;
  test::SeriesRows vectors_{40, kSlices, kWidth, 7};
  std::optional<Served> served_;
  std::size_t next_ = 0;
};

TEST_F(SeriesSumsTest, AreTheSameBitsInWhateverOrderSlicesCome) {
  for (const int place : {1, 2, 3, 9, 8, 7, 0, 10, 11, 4}) {
    put_both("1.2", place);
    expect_same(1);
  }
}

TEST_F(SeriesSumsTest, AreTheSameBitsOfMoreSeriesThanAreKept) {
  for (int place = 0; place < 3; ++place) {
    for (int study = 0; study < 20; ++study) put_both(fmt::format("1.{}", study + 1), place);
  }
  expect_same(20);
}

TEST_F(SeriesSumsTest, AreOfWhatIsLeftOfAStudyThatWasRemoved) {
  for (const int place : {0, 1, 2}) put_both("1.2", place);
  static_cast<void>(served_->remove_study("1.2", std::nullopt, false));
  {
    Writer alone(folder_.path() / "alone");
    Choice choice;
    choice.study = "1.2";
    static_cast<void>(remove(alone, find_removal(alone.catalog(), choice), false));
  }
  for (const int place : {3, 4}) put_both("1.2", place);
  expect_same(1);
}

TEST_F(SeriesSumsTest, GoOnWithoutReadingWhatWasSummed) {
  for (const int place : {0, 1, 2}) put_both("1.2", place);
  {
    // The first slice, on the disk: whoever read it again would refuse it.
    std::fstream file(segment_file(folder_.path() / "served", 1), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(kSegmentHeader));
    file.write("\x7f\x7f\x7f\x7f", 4);
  }
  put_both("1.2", 3);
  expect_same(1);
  const std::vector<float> vector(vectors_.row(0).begin(), vectors_.row(0).end());
  test::expect_error(Code::kBadFile, {"is not the one that was written"},
                     [&] { served_->write([&](Writer& writer) { put(writer, "1.2", -1, vector); }); });
}

}  // namespace
}  // namespace mi2::archive
