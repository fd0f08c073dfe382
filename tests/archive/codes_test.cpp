// Codes of rows, their file, and what becomes of one that is not what it should be.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "archive/scan/block_memory.hpp"
#include "archive/scan/codes.hpp"
#include "archive/scan/codes_file.hpp"
#include "archive/series_rows.hpp"
#include "base/hash.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive::scan {
namespace {

constexpr std::size_t kDimensions = 24;
constexpr RowsId kId{{1, 2}, 3};
/// The same rows, of which nobody knows when they were written.
constexpr RowsId kNoStamp{{1, 2}, 0};

/// Two blocks and a part of one.
test::SeriesRows some_rows() { return {80, 30, kDimensions, 11}; }

/// All bytes of all blocks.
std::vector<std::string> blocks_of_codes(const Codes& codes) {
  std::vector<std::string> bytes;
  for (const CodeBlock& block : codes.blocks()) {
    bytes.emplace_back(reinterpret_cast<const char*>(block.codes), block_bytes(block.rows, codes.stride()));
  }
  return bytes;
}

class CodesOnDisk : public ::testing::Test {
 protected:
  CodesOnDisk() : made_(Codes::make(rows_.rows, kDimensions, kId, pool_)) { made_.save(file_); }

  [[nodiscard]] Codes load(const RowsId& id) { return Codes::load(file_, rows_.rows, kDimensions, id, pool_); }
  [[nodiscard]] std::string bytes() const { return test::read_back(file_); }
  void write(const std::string& bytes) const {
    std::filesystem::remove(file_);  // or what is mapped would change
    std::ofstream(file_, std::ios::binary) << bytes;
  }
  void expect_sound(const Codes& codes, std::size_t encoded) const {
    EXPECT_EQ(codes.encoded(), encoded);
    EXPECT_EQ(codes.rows(), rows_.count());
    EXPECT_EQ(blocks_of_codes(codes), blocks_of_codes(made_));
  }

  test::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "000001.q8";
  base::ThreadPool pool_{2};
  test::SeriesRows rows_ = some_rows();
  Codes made_;
};

TEST_F(CodesOnDisk, AreReadAsTheyWereMade) {
  expect_sound(load(kId), 0);
  expect_sound(load(kNoStamp), 0);
}

TEST_F(CodesOnDisk, AreStaleUntilTheyAreWrittenWithTheTimeOfTheirRows) {
  EXPECT_FALSE(load(kId).stale());
  EXPECT_FALSE(load(kNoStamp).stale());
  const RowsId later{{1, 2}, 4};
  const Codes codes = load(later);
  EXPECT_TRUE(codes.stale());
  expect_sound(codes, 0);
  codes.save(file_);
  EXPECT_FALSE(load(later).stale());
}

TEST_F(CodesOnDisk, AreMadeWhereThereIsNoFile) {
  std::filesystem::remove(file_);
  expect_sound(load(kId), rows_.count());
  write("");
  expect_sound(load(kId), rows_.count());
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  expect_sound(load(kId), rows_.count());
}

TEST_F(CodesOnDisk, NoDamagedByteIsBelieved) {
  const std::string sound = bytes();
  const std::size_t table_end = 128;
  for (std::size_t at = 0; at < sound.size(); at += at < table_end ? 1 : 997) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write(damaged);
    const Codes codes = load(kId);
    EXPECT_GT(codes.encoded(), 0U) << "byte " << at;
    EXPECT_LE(codes.encoded(), at < table_end ? rows_.count() : kBlockRows) << "only its block is made again";
    EXPECT_EQ(blocks_of_codes(codes), blocks_of_codes(made_)) << "byte " << at;
  }
}

TEST_F(CodesOnDisk, AFileThatIsCutOrTooLongIsNotBelieved) {
  const std::string sound = bytes();
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{100}, sound.size() - 1}) {
    write(sound.substr(0, size));
    expect_sound(load(kId), rows_.count());
  }
  write(sound + "x");
  expect_sound(load(kId), rows_.count());
}

TEST_F(CodesOnDisk, OfOtherRowsAreNotBelieved) {
  expect_sound(load({{1, 9}, 3}), rows_.count());
  // Written again since: only the block that changed is made again.
  test::SeriesRows changed = rows_;
  std::swap(changed.rows[kBlockRows * kDimensions], changed.rows[kBlockRows * kDimensions + 1]);
  const Codes codes = Codes::load(file_, changed.rows, kDimensions, {{1, 2}, 4}, pool_);
  EXPECT_EQ(codes.encoded(), kBlockRows);
  EXPECT_EQ(blocks_of_codes(codes), blocks_of_codes(Codes::make(changed.rows, kDimensions, kId, pool_)));
  // Of other dimensions.
  const test::SeriesRows narrow(80, 30, 12, 11);
  EXPECT_EQ(Codes::load(file_, narrow.rows, 12, kId, pool_).encoded(), narrow.count());
}

TEST_F(CodesOnDisk, AreReadAsFarAsTheyGoWhenRowsWereAppendedOrTaken) {
  const auto first = [&](std::size_t count) { return std::span(rows_.rows).first(count * kDimensions); };
  Codes::make(first(2000), kDimensions, kId, pool_).save(file_);
  expect_sound(load(kId), rows_.count() - kBlockRows);
  Codes::make(first(2 * kBlockRows), kDimensions, kId, pool_).save(file_);
  expect_sound(load({{1, 2}, 4}), rows_.count() - 2 * kBlockRows);
  made_.save(file_);
  const Codes fewer = Codes::load(file_, first(1500), kDimensions, kId, pool_);
  EXPECT_EQ(fewer.encoded(), 1500 - kBlockRows);
  EXPECT_EQ(blocks_of_codes(fewer), blocks_of_codes(Codes::make(first(1500), kDimensions, kId, pool_)));
}

TEST_F(CodesOnDisk, AreKnownToBeGoneWhenTheFileIsCutWhileMapped) {
  const Codes codes = load(kId);
  codes.check();
  std::filesystem::resize_file(file_, 500);
  test::expect_error(Code::kBadFile, {}, [&] { codes.check(); });
}

TEST_F(CodesOnDisk, GrowByTheNewRowsOnly) {
  const auto first = [&](std::size_t count) { return std::span(rows_.rows).first(count * kDimensions); };
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kBlockRows, std::size_t{1500}, rows_.count()}) {
    const Codes old = Codes::make(first(count), kDimensions, kId, pool_);
    expect_sound(Codes::grown(old, rows_.rows, kId, pool_),
                 count == rows_.count() ? 0 : rows_.count() - count / kBlockRows * kBlockRows);
  }
  test::expect_error(Code::kBadArgument, {"2400"}, [&] { Codes::grown(made_, first(100), kId, pool_); });
  test::expect_error(Code::kBadArgument, {}, [&] { Codes::grown(made_, rows_.rows, {{5, 5}, 3}, pool_); });
}

TEST_F(CodesOnDisk, ThatGrowOftenKeepTheMemoryOfTheirOwnBlocksOnly) {
  const auto first = [&](std::size_t count) { return std::span(rows_.rows).first(count * kDimensions); };
  for (const bool in_file : {false, true}) {
    Codes::make(first(1500), kDimensions, kId, pool_).save(file_);
    Codes codes = in_file ? Codes::load(file_, first(1500), kDimensions, kId, pool_)
                          : Codes::make(first(1500), kDimensions, kId, pool_);
    for (std::size_t count = 1600; count <= rows_.count(); count += 100) {
      codes = Codes::grown(codes, first(count), kId, pool_);
    }
    EXPECT_EQ(codes.kept_blocks(), codes.blocks().size() - (in_file ? 1U : 0U));
    EXPECT_EQ(blocks_of_codes(codes), blocks_of_codes(made_));
  }
}

TEST(CodesFile, AnotherVersionIsNamed) {
  const test::TemporaryFolder folder;
  base::ThreadPool pool(1);
  Codes::make({}, 5, {}, pool).save(folder / "none.q8");
  std::string bytes = test::read_back(folder / "none.q8");
  EXPECT_EQ(parse_codes_header(std::as_bytes(std::span(bytes))).dimensions, 5U);
  bytes[8] = 2;
  test::expect_error(Code::kUnsupported, {"version"}, [&] { parse_codes_header(std::as_bytes(std::span(bytes))); });
}

TEST(Codes, OnlyFiniteUnitVectorsAreEncoded) {
  base::ThreadPool pool(2);
  for (const float bad : {0.0F, 2.0F, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::denorm_min()}) {
    test::SeriesRows rows = some_rows();
    for (const std::size_t row : {std::size_t{1100}, std::size_t{2399}}) {
      const auto values = std::span(rows.rows).subspan(row * kDimensions, kDimensions);
      std::fill(values.begin(), values.end(), bad);
    }
    test::expect_error(Code::kBadFile, {"row 1100"}, [&] { Codes::make(rows.rows, kDimensions, kId, pool); });
  }
  const std::vector<float> ten(10);
  for (const std::size_t dimensions : {std::size_t{0}, std::size_t{3}, kMaxDimensions + 1}) {
    test::expect_error(Code::kBadArgument, {"codes"}, [&] { Codes::make(ten, dimensions, kId, pool); });
  }
}

TEST(Codes, OfRowsThatAreGoneNothingIsExpected) {
  base::ThreadPool pool(2);
  test::SeriesRows rows = some_rows();
  const Codes whole = Codes::make(rows.rows, kDimensions, kId, pool);
  Bitmap gone(rows.count());
  for (const std::size_t row : {std::size_t{0}, std::size_t{1100}, std::size_t{2399}}) {
    gone.set(row);
    const auto values = std::span(rows.rows).subspan(row * kDimensions, kDimensions);
    std::fill(values.begin(), values.end(), row == 0 ? std::numeric_limits<float>::quiet_NaN() : 0.0F);
  }
  CodesOptions options;
  options.gone = &gone;
  const Codes codes = Codes::make(rows.rows, kDimensions, kId, pool, options);
  for (std::size_t row = 0; row < rows.count(); ++row) {
    const CodeBlock& then = whole.blocks()[row / kBlockRows];
    const CodeBlock& now = codes.blocks()[row / kBlockRows];
    const std::size_t at = row % kBlockRows;
    if (gone.test(row)) {
      EXPECT_GE(now.residual[at], 1.0F);
      continue;
    }
    EXPECT_EQ(now.scale[at], then.scale[at]);
    EXPECT_EQ(std::memcmp(now.codes + at * codes.stride(), then.codes + at * codes.stride(), codes.stride()), 0);
  }
  // Of a file of such codes nothing is made again.
  const test::TemporaryFolder folder;
  codes.save(folder.path() / "codes");
  EXPECT_EQ(Codes::load(folder.path() / "codes", rows.rows, kDimensions, kId, pool, options).encoded(), 0U);
}

TEST(Codes, ReportHowFarTheyAreAndStop) {
  const test::SeriesRows rows(40 * 1024, 1, 8, 1);
  base::ThreadPool pool(2);
  std::vector<std::uint64_t> done;
  CodesOptions options;
  options.progress = [&](const base::Progress& progress) {
    EXPECT_EQ(progress.total, rows.count());
    done.push_back(progress.done);
  };
  Codes::make(rows.rows, 8, kId, pool, options);
  EXPECT_EQ(done, (std::vector<std::uint64_t>{32 * 1024, 40 * 1024}));
  std::stop_source stop;
  stop.request_stop();
  options.stop = stop.get_token();
  test::expect_error(Code::kInternal, {"stopped"}, [&] { Codes::make(rows.rows, 8, kId, pool, options); });
}

}  // namespace
}  // namespace mi2::archive::scan
