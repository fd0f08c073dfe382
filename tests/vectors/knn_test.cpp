// k nearest neighbours, against a search that compares everything in f64.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "vectors/knn.hpp"

namespace mi2::vectors {
namespace {

using test::expect_error;

std::vector<float> random_rows(std::size_t rows, std::size_t dimensions, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * dimensions);
  for (float& value : values) value = normal(random);
  return values;
}

double distance(const float* a, const float* b, std::size_t dimensions, Metric metric) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  double difference = 0;
  for (std::size_t d = 0; d < dimensions; ++d) {
    const double x = a[d];
    const double y = b[d];
    dot += x * y;
    aa += x * x;
    bb += y * y;
    difference += (x - y) * (x - y);
  }
  if (metric == Metric::kCosine) return 1 - dot / std::sqrt(aa * bb);
  return metric == Metric::kEuclidean ? std::sqrt(difference) : -dot;
}

class EachMetric : public ::testing::TestWithParam<Metric> {};

TEST_P(EachMetric, FindsWhatComparingEverythingFinds) {
  // More rows than a block of the search holds, more queries than one product, and dimensions that fill no panel.
  constexpr std::size_t kRowCount = 5000;
  constexpr std::size_t kQueryCount = 300;
  constexpr std::size_t kDimensions = 19;
  constexpr std::size_t kNearest = 7;
  const std::vector<float> rows = random_rows(kRowCount, kDimensions, 1);
  const std::vector<float> queries = random_rows(kQueryCount, kDimensions, 2);
  const auto found = Neighbours(rows, kDimensions, GetParam(), 2).search(queries, kDimensions, kNearest);
  ASSERT_EQ(found.size(), kQueryCount);
  for (std::size_t q = 0; q < kQueryCount; ++q) {
    std::vector<std::pair<double, std::size_t>> all;
    for (std::size_t r = 0; r < kRowCount; ++r) {
      all.emplace_back(distance(&queries[q * kDimensions], &rows[r * kDimensions], kDimensions, GetParam()), r);
    }
    std::partial_sort(all.begin(), all.begin() + kNearest, all.end());
    ASSERT_EQ(found[q].size(), kNearest);
    for (std::size_t i = 0; i < kNearest; ++i) {
      // f64 both times; rows whose order the search in f32 could not tell would differ by less than this.
      EXPECT_NEAR(found[q][i].distance, all[i].first, 1e-5) << "query " << q;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Knn, EachMetric, ::testing::Values(Metric::kCosine, Metric::kEuclidean, Metric::kDot));

TEST(Knn, NearestFirstAndTheFirstOfEquals) {
  const std::vector<float> rows{0, 1, 1, 0, 2, 0, 1, 1};
  const auto found = Neighbours(rows, 2, Metric::kCosine, 1).search(std::vector<float>{3, 0}, 2, 10);
  ASSERT_EQ(found[0].size(), 4U);
  EXPECT_EQ(found[0][0].row, 1U);
  EXPECT_EQ(found[0][1].row, 2U);
  EXPECT_EQ(found[0][2].row, 3U);
  EXPECT_EQ(found[0][0].distance, 0);
  EXPECT_NEAR(found[0][3].distance, 1, 1e-12);
}

TEST(Knn, DistancesAreThoseOfF64) {
  // In f32 the product is 1 + 2^-11: the last bit of this one is below its rounding.
  const float x = 1 + std::ldexp(1.0F, -12);
  const std::vector<float> row{x};
  const auto found = Neighbours(row, 1, Metric::kDot, 1).search(row, 1, 1);
  EXPECT_EQ(found[0][0].distance, -(static_cast<double>(x) * x));
}

TEST(Knn, RefusesWhatHasNoAnswer) {
  const std::vector<float> rows{1, 0, 0, 0};
  expect_error(Code::kBadArgument, {"row 2 is a zero vector"}, [&] { Neighbours(rows, 2, Metric::kCosine); });
  expect_error(Code::kBadArgument, {"no rows"}, [&] { Neighbours({}, 2, Metric::kCosine); });
  const Neighbours search(rows, 2, Metric::kEuclidean, 1);
  const std::vector<float> query{1, 0};
  expect_error(Code::kBadArgument, {"k: expected at least 1, got 0"},
               [&] { static_cast<void>(search.search(query, 2, 0)); });
  expect_error(Code::kBadArgument, {"1 dimensions", "2"}, [&] { static_cast<void>(search.search(query, 1, 1)); });
  expect_error(Code::kBadArgument, {"got 'near'"}, [] { parse_metric("near"); });
  expect_error(Code::kBadArgument, {"got 'loud'"}, [] { parse_vote("loud"); });
}

TEST(Knn, MajorityCountsHeads) {
  const std::vector<Neighbour> neighbours{{0, 0.1}, {1, 0.2}, {2, 0.3}};
  const std::vector<std::size_t> class_of{1, 0, 0};
  EXPECT_THAT(vote(neighbours, class_of, 2, Vote::kMajority),
              ::testing::ElementsAre(::testing::DoubleEq(2.0 / 3), ::testing::DoubleEq(1.0 / 3)));
}

TEST(Knn, DistanceWeighsTheNearMore) {
  const std::vector<std::size_t> class_of{1, 0, 0};
  const std::vector<Neighbour> neighbours{{0, 0.1}, {1, 0.4}, {2, 0.5}};
  const std::vector<double> shares = vote(neighbours, class_of, 2, Vote::kDistance);
  EXPECT_NEAR(shares[1], 10 / 14.5, 1e-12);
  const std::vector<Neighbour> one_at_zero{{0, 0}, {1, 0.4}, {2, 0.5}};
  EXPECT_THAT(vote(one_at_zero, class_of, 2, Vote::kDistance), ::testing::ElementsAre(0.0, 1.0));
  expect_error(Code::kBadArgument, {"no distances"}, [&] {
    vote(std::vector<Neighbour>{{0, -1}}, class_of, 2, Vote::kDistance);
  });
}

TEST(Apart, RowsOfAQuerysOwnGroupAreNotFound) {
  const std::vector<float> rows{1, 0, 1, 0.1F, 0, 1, 0.1F, 1};
  const std::vector<std::size_t> of_rows{0, 1, 0, 2};
  const std::vector<float> queries{1, 0, 1, 0, 1, 0};
  const std::vector<std::size_t> of_queries{0, kNoGroup, 5};
  const Neighbours neighbours(rows, 2, Metric::kCosine, 1);
  const auto found = neighbours.search(queries, 2, 4, {of_rows, of_queries});
  ASSERT_EQ(found[0].size(), 2U);
  EXPECT_EQ(found[0][0].row, 1U);
  EXPECT_EQ(found[0][1].row, 3U);
  EXPECT_EQ(found[1].size(), 4U);
  EXPECT_EQ(found[2].size(), 4U);
}

TEST(Apart, AQueryWhoseGroupIsAllThereIsFindsNothing) {
  const std::vector<std::size_t> group{3};
  const std::vector<float> row{1, 2};
  const auto found = Neighbours(row, 2, Metric::kEuclidean, 1).search(row, 2, 1, {group, group});
  EXPECT_TRUE(found[0].empty());
  EXPECT_EQ(vote(found[0], group, 2, Vote::kMajority), (std::vector<double>{0, 0}));
}

TEST(Apart, RowsOfNoGroupFindEachOther) {
  const std::vector<std::size_t> none{kNoGroup};
  const std::vector<float> row{1, 2};
  EXPECT_EQ(Neighbours(row, 2, Metric::kDot, 1).search(row, 2, 1, {none, none})[0].size(), 1U);
}

TEST(Apart, GroupsOfAnotherNumberAreRefused) {
  const std::vector<std::size_t> group{3};
  const std::vector<float> rows{1, 2, 3, 4};
  const Neighbours neighbours(rows, 2, Metric::kDot, 1);
  expect_error(Code::kBadArgument, {"a group for each row"}, [&] {
    static_cast<void>(neighbours.search(rows, 2, 1, {group, group}));
  });
}

TEST(ZeroVector, IsWhatHasNoLengthInF32) {
  EXPECT_TRUE(is_zero(std::vector<float>{0, 0}));
  EXPECT_TRUE(is_zero(std::vector<float>{1e-25F, 0}));
  EXPECT_FALSE(is_zero(std::vector<float>{1e-15F, 0}));
}

}  // namespace
}  // namespace mi2::vectors
