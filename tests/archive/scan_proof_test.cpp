// Rows that bounds tell apart hardly or not at all, and bounds that are wrong.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/brute_force.hpp"
#include "archive/scan/block_memory.hpp"
#include "archive/scan/scan.hpp"
#include "archive/series_rows.hpp"
#include "base/hash.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive::scan {
namespace {

/// Rows that are all the same but for what `change` does.
template <typename Change>
SeriesRows equal_rows(std::size_t count, std::size_t dimensions, const Change& change) {
  SeriesRows rows(1, 1, dimensions, 9);
  const std::vector<float> row = rows.rows;
  rows.rows.clear();
  rows.study.clear();
  rows.patient.clear();
  for (std::size_t r = 0; r < count; ++r) {
    std::vector<float> values = row;
    change(r, values);
    rows.rows.insert(rows.rows.end(), values.begin(), values.end());
    rows.study.push_back(static_cast<std::uint32_t>(r / 33));
    rows.patient.push_back(static_cast<std::uint32_t>(r / 99));
  }
  return rows;
}

void expect_as_brute_force(const SeriesRows& rows, std::size_t k) {
  const Scan scan = scan_of(rows);
  base::ThreadPool pool(2);
  for (const bool grouped : {false, true}) {
    Scope scope;
    if (grouped) scope.groups = rows.study;
    scope.owners = rows.patient;
    const std::vector<Query> queries{{rows.image_query(3, 1), k, {}}, {rows.text_query(2), k, {0}}};
    const std::vector<Answer> answers = scan.search(queries, scope, pool);
    for (std::size_t q = 0; q < queries.size(); ++q) {
      EXPECT_TRUE(same(answers[q], brute_force(rows, queries[q], scope))) << grouped << " " << q;
    }
  }
}

TEST(Scan, OfEqualRowsTheFirstAreFound) {
  // More than may wait for being computed again.
  const SeriesRows rows = equal_rows(70000, 8, [](std::size_t, std::vector<float>&) {});
  expect_as_brute_force(rows, 5);
  const Scan scan = scan_of(rows);
  base::ThreadPool pool(2);
  Scope scope;
  scope.groups = rows.study;
  const Query query{rows.image_query(0, 1), 3, {}};
  const Answer answer = scan.search(std::span(&query, 1), scope, pool).front();
  ASSERT_EQ(answer.hits.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(answer.hits[i].row, 33 * i);
}

TEST(Scan, RowsThatDifferByRoundingAreToldApart) {
  expect_as_brute_force(equal_rows(70000, 16,
                                   [](std::size_t r, std::vector<float>& row) {
                                     float& value = row[r % row.size()];
                                     value = std::nextafter(value, r % 3 == 0 ? 2.0F : -2.0F);
                                   }),
                        50);
}

TEST(Scan, RowsWithOneHugeNumberOrDenormalsAreFoundAsOthersAre) {
  expect_as_brute_force(equal_rows(5000, 64,
                                   [](std::size_t r, std::vector<float>& row) {
                                     std::mt19937 random(static_cast<unsigned>(r));
                                     for (float& value : row) value *= r % 2 == 0 ? 1e-3F : 1e-40F;
                                     for (float& value : row) value += 1e-5F * static_cast<float>(random() % 100);
                                     row[r / 2 % 8] = 1;
                                     test::make_unit(row);
                                   }),
                        40);
}

/// Writes codes of the rows whose residuals are all `residual`, with checksums that fit.
void plant_residuals(const std::filesystem::path& path, const SeriesRows& rows, const RowsId& id, float residual) {
  base::ThreadPool pool(1);
  Codes::make(rows.rows, rows.dimensions, id, pool).save(path);
  std::string bytes = test::read_back(path);
  const std::size_t stride = (rows.dimensions + 63) / 64 * 64;
  const std::size_t blocks_at = (64 + 16 * blocks_of(rows.count()) + 63) / 64 * 64;
  const auto put = [&](std::size_t at, const auto& value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
  const auto hash = [&](std::size_t at, std::size_t size) {
    return base::xxh3(std::as_bytes(std::span(bytes)).subspan(at, size));
  };
  for (std::size_t block = 0; block < blocks_of(rows.count()); ++block) {
    const std::size_t at = blocks_at + block * block_bytes(kBlockRows, stride);
    const std::size_t here = rows_of_block(block, rows.count());
    for (std::size_t r = 0; r < here; ++r) put(at + tiled(here) * (stride + 4) + 4 * r, residual);
    put(64 + 16 * block + 8, hash(at, block_bytes(here, stride)));
  }
  put(48, hash(64, blocks_at - 64));
  put(56, hash(0, 56));
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(Scan, AWrongBoundIsFoundOutAndNotAnswered) {
  const SeriesRows rows(60, 33, 64, 10);
  const test::TemporaryFolder folder;
  const RowsId id{{1, 1}, 1};
  plant_residuals(folder / "1.q8", rows, id, 0);
  base::ThreadPool pool(2);
  const auto codes = std::make_shared<const Codes>(Codes::load(folder / "1.q8", rows.rows, rows.dimensions, id, pool));
  ASSERT_EQ(codes->encoded(), 0U) << "the planted codes must be taken for good";
  const Scan scan(std::vector<Segment>{{rows.rows.data(), codes}});
  const Query query{rows.image_query(0, 1), 10, {}};
  test::expect_error(Code::kBadFile, {"codes"},
                     [&] { static_cast<void>(scan.search(std::span(&query, 1), {}, pool)); });
}

TEST(Scan, CodesWithNumbersThatBoundNothingAreMadeAgain) {
  const SeriesRows rows(60, 33, 64, 10);
  const test::TemporaryFolder folder;
  const RowsId id{{1, 1}, 1};
  base::ThreadPool pool(2);
  for (const float residual :
       {std::numeric_limits<float>::quiet_NaN(), -1.0F, std::numeric_limits<float>::infinity()}) {
    plant_residuals(folder / "1.q8", rows, id, residual);
    EXPECT_EQ(Codes::load(folder / "1.q8", rows.rows, rows.dimensions, id, pool).encoded(), rows.count()) << residual;
  }
}

}  // namespace
}  // namespace mi2::archive::scan
