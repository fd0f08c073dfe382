// An archive from which something was removed gives back its room.

#include "archive/compact.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "archive/growing.hpp"
#include "archive/reader.hpp"
#include "archive/upkeep.hpp"
#include "base/thread_pool.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive {
namespace {

constexpr std::size_t kStudies = 192;
constexpr std::size_t kFirstRemoved = 10;
constexpr std::size_t kRemoved = 176;
constexpr std::size_t kRowsOfStudy = kSlices + 1;  // with the mean of the series

/// A file system may need a block of its own to note where a file has holes, and ext4 counts it as the file's.
constexpr std::uint64_t kMapOfHoles = 4096;

/// An archive with many removed studies side by side, so that whole blocks of the disk hold nothing else.
class Compacting : public ::testing::Test {
 protected:
  Compacting() : archive_(kStudies) {
    for (std::size_t study = 0; study < kStudies; ++study) archive_.add_study();
  }

  void remove_many(bool erase) {
    Removal removal;
    for (std::size_t i = kFirstRemoved * kSlices; i < (kFirstRemoved + kRemoved) * kSlices; ++i) {
      removal.instances.push_back(static_cast<Id>(i + 1));
    }
    removal.images = removal.instances.size();
    remove(archive_.writer(), removal, erase);
  }

  [[nodiscard]] std::filesystem::path folder() const { return archive_.folder(); }

  [[nodiscard]] SearchAnswer ask(Reader& reader, std::size_t near) {
    SearchOptions options;
    options.k = kStudies;
    return search(reader, std::vector{part_near(archive_.rows().row(near))}, options, pool_);
  }

  void expect_sound() const {
    const VerifyReport report = verify(folder(), true, {});
    EXPECT_TRUE(report.problems.empty()) << report.problems.front();
    EXPECT_EQ(report.rows, kStudies * kRowsOfStudy);
  }

  Growing archive_;
  base::ThreadPool pool_{2};
};

TEST_F(Compacting, GivesBackWhatWasRemovedAndFindsTheRest) {
  remove_many(false);
  const Compactable found = find_compactable(folder());
  EXPECT_EQ(found.rows, kRemoved * kRowsOfStudy);
  EXPECT_EQ(found.removed, found.rows);
  EXPECT_GT(found.vectors, 4 * kMapOfHoles);
  const DiskUse before = disk_use(folder());
  const Compacted done = compact(archive_.writer(), {});
  EXPECT_EQ(done.rows, found.rows);
  EXPECT_EQ(done.erased, found.rows);
  EXPECT_TRUE(done.clean);
  EXPECT_LE(disk_use(folder()).vectors + found.vectors, before.vectors + kMapOfHoles);
  EXPECT_EQ(std::filesystem::file_size(segment_file(folder(), 1)),
            kSegmentHeader + kStudies * kRowsOfStudy * kWidth * sizeof(float));
  expect_sound();
  Reader reader(folder());
  const SearchAnswer answer = ask(reader, 0);
  EXPECT_TRUE(answer.exact);
  EXPECT_EQ(answer.found.size(), kStudies - kRemoved);
}

TEST_F(Compacting, AgainChangesNothing) {
  remove_many(true);
  const Compacted first = compact(archive_.writer(), {});
  EXPECT_EQ(first.rows, kRemoved * kRowsOfStudy);
  EXPECT_EQ(first.erased, 0U);
  const DiskUse before = disk_use(folder());
  const Compacted second = compact(archive_.writer(), {});
  EXPECT_EQ(second.rows, first.rows);
  EXPECT_EQ(disk_use(folder()).vectors, before.vectors);
  const Compactable left = find_compactable(folder());
  EXPECT_EQ(left.removed + left.vectors + left.thumbs + left.catalog, 0U);
  expect_sound();
}

TEST_F(Compacting, WhatIsAddedAfterwardsIsFound) {
  Growing other(3);
  for (int study = 0; study < 2; ++study) other.add_study();
  remove(other.writer(), {{1, 2, 3}, 3}, false);
  static_cast<void>(compact(other.writer(), {}));
  other.add_study();
  Reader reader(other.folder());
  SearchOptions options;
  const SearchAnswer answer = search(reader, std::vector{part_near(other.rows().row(2 * kSlices))}, options, pool_);
  ASSERT_EQ(answer.found.size(), 2U);
  EXPECT_EQ(answer.found.front().item.study_uid, Growing::uid(2));
}

TEST_F(Compacting, AReaderOfAnOlderSnapshotComesUponNoEmptyRow) {
  Reader with_codes(folder());
  Reader without(folder());
  EXPECT_EQ(ask(with_codes, kFirstRemoved * kSlices).found.size(), kStudies);
  EXPECT_EQ(without.rows().size(), kStudies * kRowsOfStudy);
  with_codes.pause();  // or the catalog's log would be waited for
  without.pause();
  remove_many(false);
  EXPECT_TRUE(compact(archive_.writer(), {}).clean);
  for (Reader* reader : {&with_codes, &without}) {
    test::expect_error(Code::kBadFile, {}, [&] { static_cast<void>(ask(*reader, kFirstRemoved * kSlices)); });
  }
  Reader now(folder());
  EXPECT_EQ(ask(now, kFirstRemoved * kSlices).found.size(), kStudies - kRemoved);
}

TEST_F(Compacting, WhatIsErasedAfterItsRowsWereReadIsNoticed) {
  Reader reader(folder());
  EXPECT_EQ(reader.rows().size(), kStudies * kRowsOfStudy);
  reader.check();
  reader.pause();
  static_cast<void>(archive_.writer().catalog().add_change("add", 0));
  reader.check();  // a commit that erases nothing
  remove_many(true);
  test::expect_error(Code::kBadFile, {"erased while it was read"}, [&] { reader.check(); });
  Reader now(folder());
  now.check(true);
}

TEST_F(Compacting, WhatHadBeenRemovedBeforeMayBeErasedMeanwhile) {
  remove_many(false);
  Reader reader(folder());
  EXPECT_EQ(reader.rows().size(), kStudies * kRowsOfStudy);
  reader.pause();
  static_cast<void>(compact(archive_.writer(), {}));
  reader.check();
  test::expect_error(Code::kBadFile, {}, [&] { reader.check(true); });
}

TEST_F(Compacting, AnEmptyRowThatWasNotErasedIsDamage) {
  archive_.writer().segments().give_back(0, 1);
  archive_.writer().segments().sync();
  const VerifyReport report = verify(folder(), true, {});
  EXPECT_EQ(report.bad_rows, std::vector<std::uint64_t>{0});
}

}  // namespace
}  // namespace mi2::archive
