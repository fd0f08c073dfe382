// The bounds that the proof rests on: a score from codes is never further from the exact one than they say.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "archive/scan/codes.hpp"
#include "archive/scan/dots.hpp"
#include "archive/scan/query_codes.hpp"
#include "archive/scan/scan.hpp"
#include "archive/series_rows.hpp"
#include "ops/cpu/isa.hpp"

namespace mi2::archive::scan {
namespace {

/// Unit rows of every awkward kind: flat, one huge number, denormals beside large numbers, few digits, near-equal.
std::vector<float> awkward_rows(std::size_t count, std::size_t dimensions, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> rows;
  for (std::size_t r = 0; r < count; ++r) {
    std::vector<float> row(dimensions);
    for (float& value : row) {
      switch (r % 6) {
        case 0:
          value = normal(random);
          break;
        case 1:
          value = 1e-3F * normal(random);
          break;
        case 2:
          value = std::numeric_limits<float>::denorm_min() * std::floor(8 * normal(random));
          break;
        case 3:
          value = random() % 2 == 0 ? 1.0F : -1.0F;
          break;
        case 4:
          value = 1 + 1e-7F * normal(random);
          break;
        default:
          value = std::exp(4 * normal(random));
          break;
      }
    }
    if (r % 6 == 1 || r % 6 == 2) row[random() % dimensions] = 1;
    test::make_unit(row);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

/// The scores of all rows that are outside of what codes say, the residuals taken times `factor`.
std::size_t outside_of_bounds(std::size_t dimensions, float factor) {
  constexpr std::size_t kCount = 300;
  const std::vector<float> rows = awkward_rows(kCount, dimensions, 7);
  const std::vector<float> queries = awkward_rows(12, dimensions, 8);
  base::ThreadPool pool(1);
  const Codes codes = Codes::make(rows, dimensions, {}, pool);
  const CodeBlock& block = codes.blocks().front();
  std::vector<std::uint16_t> index(kCount);
  std::iota(index.begin(), index.end(), std::uint16_t{0});
  std::size_t outside = 0;
  for (std::size_t q = 0; q < 12; ++q) {
    const std::span<const float> query = std::span(queries).subspan(q * dimensions, dimensions);
    const QueryCodes bytes(query, codes.stride());
    std::vector<std::int32_t> high(kCount);
    std::vector<std::int32_t> low(kCount);
    dots_for(ops::cpu::Isa::kPortable)(block.codes, codes.stride(), index.data(), kCount, bytes.digits.data(),
                                       high.data(), low.data());
    for (std::size_t r = 0; r < kCount; ++r) {
      const double exact = inner_product(query, std::span(rows).subspan(r * dimensions, dimensions));
      const float score = bytes.score(high[r], low[r], block.scale[r]);
      const float slack = bytes.slack(factor * block.residual[r]);
      outside += exact > score + slack || exact < score - slack ? 1 : 0;
    }
  }
  return outside;
}

class QueryCodesOf : public ::testing::TestWithParam<std::size_t> {};

TEST_P(QueryCodesOf, NoScoreIsOutsideOfItsBounds) { EXPECT_EQ(outside_of_bounds(GetParam(), 1), 0U); }

INSTANTIATE_TEST_SUITE_P(Dimensions, QueryCodesOf, ::testing::Values(1, 2, 17, 64, 65, 200, 1024));

TEST(QueryCodes, AWrongResidualPutsScoresOutsideOfTheirBounds) {
  EXPECT_GT(outside_of_bounds(64, 0), 0U) << "or the test above could not fail";
}

TEST(QueryCodes, TheBoundsAreNotWiderThanTheyNeedToBe) {
  const test::SeriesRows rows(4, 8, 1024, 3);
  const QueryCodes bytes(rows.row(0), 1024);
  EXPECT_LT(bytes.slope, 1.001F);
  EXPECT_LT(bytes.offset, 1e-4F) << "sixteen bits a number lose next to nothing";
}

TEST(Dots, AllInstructionSetsGiveTheSameSums) {
  std::mt19937 random(5);
  for (const std::size_t stride : {64U, 128U, 192U, 1024U}) {
    std::vector<std::uint8_t> codes(20 * stride);
    std::vector<std::int8_t> columns(2 * stride);
    for (std::uint8_t& code : codes) code = static_cast<std::uint8_t>(random());
    for (std::int8_t& digit : columns) digit = static_cast<std::int8_t>(random());
    // The largest sums there are.
    std::fill_n(codes.begin(), stride, std::uint8_t{255});
    std::fill_n(columns.begin(), stride, std::int8_t{-128});
    const std::vector<std::uint16_t> rows{0, 1, 2, 5, 9, 19};
    std::vector<std::int32_t> wanted(2 * rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t j = 0; j < stride; ++j) {
        wanted[i] += codes[rows[i] * stride + j] * columns[j];
        wanted[rows.size() + i] += codes[rows[i] * stride + j] * columns[stride + j];
      }
    }
    for (const ops::cpu::Isa isa : ops::cpu::kIsas) {
      if (isa > ops::cpu::best_isa()) continue;
      std::vector<std::int32_t> sums(2 * rows.size());
      dots_for(isa)(codes.data(), stride, rows.data(), rows.size(), columns.data(), sums.data(),
                    sums.data() + rows.size());
      EXPECT_EQ(sums, wanted) << ops::cpu::name_of(isa) << " " << stride;
    }
  }
}

}  // namespace
}  // namespace mi2::archive::scan
