// The descent that lays a map out.

#include "archive/layout/umap.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "archive/layout/pca.hpp"
#include "archive/series_rows.hpp"
#include "base/thread_pool.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive::layout {
namespace {

using test::SeriesRows;

double distance(std::span<const float> a, std::span<const float> b) {
  double squares = 0;
  for (std::size_t d = 0; d < a.size(); ++d)
    squares += std::pow(static_cast<double>(a[d]) - static_cast<double>(b[d]), 2);
  return std::sqrt(squares);
}

Neighbours nearest_of(const SeriesRows& rows, std::size_t width) {
  Neighbours neighbours;
  neighbours.width = width;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    std::vector<std::pair<double, std::uint32_t>> others;
    for (std::size_t j = 0; j < rows.count(); ++j) {
      if (j != i) others.emplace_back(distance(rows.row(i), rows.row(j)), static_cast<std::uint32_t>(j));
    }
    std::sort(others.begin(), others.end());
    for (std::size_t n = 0; n < width; ++n) {
      neighbours.places.push_back(others[n].second);
      neighbours.distances.push_back(static_cast<float>(others[n].first));
    }
  }
  return neighbours;
}

std::vector<Point> start_of(const SeriesRows& rows, base::ThreadPool& pool) {
  std::vector<std::span<const float>> views;
  for (std::size_t i = 0; i < rows.count(); ++i) views.push_back(rows.row(i));
  return principal_components(views, {}, pool);
}

std::vector<Point> map_of(const SeriesRows& rows, unsigned threads, std::uint64_t seed) {
  base::ThreadPool pool(threads);
  UmapOptions options;
  options.seed = seed;
  return umap(nearest_of(rows, 14), start_of(rows, pool), options, pool);
}

float apart(const Point& a, const Point& b) { return std::hypot(a.x - b.x, a.y - b.y); }

TEST(Umap, PlacesWhatIsAlikeNearEachOther) {
  const SeriesRows rows(10, 30, 24, 3);
  const std::vector<Point> points = map_of(rows, 2, 1);
  std::size_t own = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::size_t nearest = i == 0 ? 1 : 0;
    for (std::size_t j = 0; j < points.size(); ++j) {
      ASSERT_TRUE(std::isfinite(points[j].x) && std::isfinite(points[j].y));
      if (j != i && apart(points[i], points[j]) < apart(points[i], points[nearest])) nearest = j;
    }
    own += rows.study[nearest] == rows.study[i] ? 1U : 0U;
  }
  EXPECT_GE(own, points.size() * 95 / 100);
}

TEST(Umap, IsTheSameBitsForAnyNumberOfThreads) {
  const SeriesRows rows(10, 30, 24, 3);
  const std::vector<Point> wanted = map_of(rows, 1, 1);
  EXPECT_EQ(map_of(rows, 2, 1), wanted);
  EXPECT_EQ(map_of(rows, 3, 1), wanted);
}

TEST(Umap, IsAnotherOfAnotherSeed) {
  const SeriesRows rows(6, 10, 24, 3);
  EXPECT_NE(map_of(rows, 1, 1), map_of(rows, 1, 2));
}

TEST(Umap, OfFewPointsIsAMapToo) {
  base::ThreadPool pool(1);
  EXPECT_EQ(umap({}, {{3, 4}}, {}, pool), (std::vector<Point>{{3, 4}}));
  Neighbours two;
  two.width = 1;
  two.places = {1, 0};
  two.distances = {0, 0};  // and in one place
  const std::vector<Point> points = umap(two, {{0, 0}, {0, 0}}, {}, pool);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_TRUE(std::isfinite(points[0].x) && std::isfinite(points[1].y));
}

TEST(Umap, EndsWhenItIsStopped) {
  const SeriesRows rows(3, 10, 24, 3);
  base::ThreadPool pool(1);
  std::stop_source stop;
  UmapOptions options;
  options.stop = stop.get_token();
  std::uint64_t epochs = 0;
  options.on_progress = [&](const base::Progress&) {
    if (++epochs == 3) stop.request_stop();
  };
  test::expect_error(Code::kInternal, {"stopped"},
                     [&] { static_cast<void>(umap(nearest_of(rows, 5), start_of(rows, pool), options, pool)); });
  EXPECT_EQ(epochs, 3U);
}

}  // namespace
}  // namespace mi2::archive::layout
