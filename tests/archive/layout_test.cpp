// What a map is made of, apart from its descent: likeness, axes, alignment, turns.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/layout/curve.hpp"
#include "archive/layout/graph.hpp"
#include "archive/layout/pca.hpp"
#include "archive/layout/procrustes.hpp"
#include "archive/layout/turns.hpp"
#include "archive/series_rows.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::layout {
namespace {

using ::testing::FloatNear;

/// log2(3) - 1: what is left for the second of two neighbours when the first counts 1.
const double kSecond = std::log2(3.0) - 1;

TEST(Curve, IsThatOfScipysLeastSquares) {
  struct Known {
    double min_dist, a, b;
  };
  for (const Known& known : {Known{0, 1.932809, 0.790495}, Known{0.1, 1.576944, 0.895061},
                             Known{0.5, 0.583030, 1.334167}, Known{0.99, 0.119306, 1.916389}}) {
    const Curve curve = fit_curve(known.min_dist);
    EXPECT_NEAR(curve.a, known.a, 2e-5) << known.min_dist;
    EXPECT_NEAR(curve.b, known.b, 2e-5) << known.min_dist;
  }
}

TEST(Scale, LetsLikenessesAddUpToTheLogarithmOfTheirNumber) {
  const std::vector<float> distances{1, 3};
  const Scale scale = scale_of(distances, 1);
  EXPECT_EQ(scale.nearest, 1);
  EXPECT_NEAR(scale.width, -2 / std::log(kSecond), 1e-3);
  EXPECT_NEAR(likeness(1, scale) + likeness(3, scale), std::log2(3.0), 1e-4);
  EXPECT_EQ(likeness(0.5, scale), 1);
}

TEST(Scale, OfPointsInOnePlaceIsAThousandthOfTheUsual) {
  const std::vector<float> distances{0, 0, 0};
  const Scale scale = scale_of(distances, 0.5);
  EXPECT_EQ(scale.nearest, 0);
  EXPECT_DOUBLE_EQ(scale.width, 0.0005);
  EXPECT_EQ(likeness(0, scale), 1);
}

/// At 0, 1, 3 and 7 on a line, with two neighbours each.
Neighbours on_a_line() {
  Neighbours neighbours;
  neighbours.width = 2;
  neighbours.places = {1, 2, 0, 2, 1, 0, 2, 1};
  neighbours.distances = {1, 3, 1, 2, 2, 3, 4, 6};
  return neighbours;
}

TEST(FuzzyUnion, IsTheChanceThatOneOfTwoLikenessesHolds) {
  const std::vector<Edge> edges = fuzzy_union(on_a_line());
  // Each point's nearest counts 1 and its second log2(3) - 1; 0 and 2 are each other's second, of 1 and 3 one is.
  const std::vector<Edge> wanted{{0, 1, 1},
                                 {0, 2, static_cast<float>(kSecond + kSecond - kSecond * kSecond)},
                                 {1, 2, 1},
                                 {1, 3, static_cast<float>(kSecond)},
                                 {2, 3, 1}};
  ASSERT_EQ(edges.size(), wanted.size());
  for (std::size_t i = 0; i < edges.size(); ++i) {
    EXPECT_EQ(edges[i].low, wanted[i].low);
    EXPECT_EQ(edges[i].high, wanted[i].high);
    EXPECT_NEAR(edges[i].weight, wanted[i].weight, 1e-4) << i;
  }
}

std::vector<std::span<const float>> views_of(const std::vector<std::vector<float>>& rows) {
  return {rows.begin(), rows.end()};
}

/// Somewhere in six dimensions, `along` in one direction and `across` at right angles to it.
std::vector<float> row_at(double along, double across) {
  const std::vector<double> u{0.8, 0.6, 0, 0, 0, 0};
  const std::vector<double> v{-0.6, 0.8, 0, 0, 0, 0};
  std::vector<float> row;
  for (std::size_t d = 0; d < u.size(); ++d) row.push_back(static_cast<float>(along * u[d] + across * v[d] + 5));
  return row;
}

TEST(PrincipalComponents, AreTheDirectionsOfTheLargestSpread) {
  std::vector<std::vector<float>> rows;
  std::vector<Point> wanted;
  for (int along = -3; along <= 3; ++along) {
    for (int across = -1; across <= 1; ++across) {
      rows.push_back(row_at(along, across));
      wanted.push_back({static_cast<float>(along), static_cast<float>(across)});
    }
  }
  base::ThreadPool pool(2);
  const std::vector<Point> found = principal_components(views_of(rows), {}, pool);
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_THAT(found[i].x, FloatNear(wanted[i].x, 1e-4F)) << i;
    EXPECT_THAT(found[i].y, FloatNear(wanted[i].y, 1e-4F)) << i;
  }
}

TEST(PrincipalComponents, AreZeroWhereThereIsNoDirection) {
  base::ThreadPool pool(1);
  const std::vector<std::vector<float>> line{row_at(-1, 0), row_at(0, 0), row_at(1, 0)};
  for (const Point& point : principal_components(views_of(line), {}, pool)) {
    EXPECT_THAT(point.y, FloatNear(0, 1e-4F));
  }
  const std::vector<std::vector<float>> same(4, row_at(1, 1));
  for (const Point& point : principal_components(views_of(same), {}, pool)) EXPECT_EQ(point, Point{});
  const std::vector<std::vector<float>> one{row_at(2, 1)};
  EXPECT_THAT(principal_components(views_of(one), {}, pool), ::testing::ElementsAre(Point{}));
}

TEST(PrincipalComponents, AreTheSameBitsForAnyNumberOfThreads) {
  const test::SeriesRows rows(40, 10, 48, 7);
  std::vector<std::span<const float>> views;
  for (std::size_t i = 0; i < rows.count(); ++i) views.push_back(rows.row(i));
  base::ThreadPool one(1);
  const std::vector<Point> wanted = principal_components(views, {}, one);
  for (const unsigned threads : {2U, 3U}) {
    base::ThreadPool pool(threads);
    EXPECT_EQ(principal_components(views, {}, pool), wanted) << threads;
  }
}

const std::vector<Point> kShape{{0, 0}, {4, 0}, {4, 1}, {-1, 3}};

void expect_aligned(const Similarity& moved) {
  std::vector<Point> there;
  for (const Point& point : kShape) there.push_back(moved(point));
  const Similarity found = align(kShape, there);
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const Point got = found(kShape[i]);
    EXPECT_THAT(got.x, FloatNear(there[i].x, 1e-4F)) << i;
    EXPECT_THAT(got.y, FloatNear(there[i].y, 1e-4F)) << i;
  }
}

TEST(Align, UndoesRotationReflectionScaleAndShift) {
  expect_aligned({1, 0, 0, 1, 3, -2});
  expect_aligned({0, -2, 2, 0, 1, 1});
  expect_aligned({-1.2, -1.6, 1.6, -1.2, 0, 7});
  expect_aligned({0.6, 0.8, 0.8, -0.6, -3, 2});
  expect_aligned({-0.5, 0, 0, 0.5, 0, 0});
}

TEST(Align, OnlyShiftsWhatHasNoShape) {
  const std::vector<Point> one{{1, 2}};
  const Point moved = align(one, std::vector<Point>{{5, 7}})({2, 2});
  EXPECT_EQ(moved, (Point{6, 7}));
  EXPECT_EQ(align({}, {})({2, 3}), (Point{2, 3}));
  // Onto points in one place nothing is drawn together.
  EXPECT_EQ(align(std::vector<Point>{{-1, 0}, {1, 0}}, std::vector<Point>{{0, 5}, {0, 5}})({1, 0}), (Point{1, 5}));
}

TEST(Rounds, HaveEachPairOnceAndNoBlockTwiceAtATime) {
  for (const std::size_t blocks : {std::size_t{1}, std::size_t{2}, std::size_t{8}, std::size_t{32}}) {
    std::set<Pair> met;
    for (const std::vector<Pair>& round : rounds_of(blocks)) {
      std::set<std::size_t> busy;
      for (const Pair& pair : round) {
        EXPECT_LE(pair.first, pair.second);
        EXPECT_LT(pair.second, blocks);
        EXPECT_TRUE(met.insert(pair).second);
        EXPECT_TRUE(busy.insert(pair.first).second);
        EXPECT_TRUE(pair.first == pair.second || busy.insert(pair.second).second);
      }
    }
    EXPECT_EQ(met.size(), blocks * (blocks + 1) / 2);
  }
}

}  // namespace
}  // namespace mi2::archive::layout
