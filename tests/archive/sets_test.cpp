// Search by a set of vectors, against one that compares everything in f64.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <stop_token>
#include <vector>

#include <gtest/gtest.h>

#include "archive/brute_force.hpp"
#include "archive/scan/sets.hpp"
#include "archive/series_rows.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive::scan {
namespace {

using test::SeriesRows;

std::vector<SetHit> compared(const SeriesRows& rows, std::span<const Query> set, const Scope& scope) {
  std::map<std::uint32_t, SetHit> groups;
  for (const Query& query : set) {
    Query all = query;
    all.k = rows.count();
    all.excluded_owners = set.front().excluded_owners;
    for (const Hit& hit : brute_force(rows, all, scope).hits) {
      SetHit& group = groups.emplace(hit.group, SetHit{{hit.row, hit.group, 0}, {}}).first->second;
      group.pairs.push_back({hit.row, hit.score});
    }
  }
  std::vector<SetHit> found;
  for (auto& [group, hit] : groups) {
    const auto best = std::min_element(hit.pairs.begin(), hit.pairs.end(), [](const Nearest& a, const Nearest& b) {
      return a.score != b.score ? a.score > b.score : a.row < b.row;
    });
    hit.hit.row = best->row;
    for (const Nearest& pair : hit.pairs) hit.hit.score += pair.score;
    hit.hit.score /= static_cast<double>(hit.pairs.size());
    found.push_back(hit);
  }
  std::sort(found.begin(), found.end(), [](const SetHit& a, const SetHit& b) {
    return a.hit.score != b.hit.score ? a.hit.score > b.hit.score : a.hit.row < b.hit.row;
  });
  found.resize(std::min(found.size(), set.front().k));
  return found;
}

bool same(std::span<const SetHit> a, std::span<const SetHit> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const SetHit& x, const SetHit& y) {
    return x.hit.row == y.hit.row && x.hit.group == y.hit.group && x.hit.score == y.hit.score &&
           std::equal(x.pairs.begin(), x.pairs.end(), y.pairs.begin(), y.pairs.end(),
                      [](const Nearest& p, const Nearest& q) { return p.row == q.row && p.score == q.score; });
  });
}

/// Slices of one study, or texts, which every group is about as near to.
std::vector<Query> set_of(const SeriesRows& rows, std::size_t size, bool texts, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Query> set(size);
  const std::size_t first = random() % (rows.count() - size);
  for (std::size_t i = 0; i < size; ++i) {
    set[i].vector = texts ? rows.text_query(static_cast<unsigned>(random()))
                          : rows.image_query(first + i, static_cast<unsigned>(random()));
  }
  return set;
}

TEST(SearchOfASet, FindsWhatComparingEverythingFinds) {
  const SeriesRows rows(400, 9, 64, 3);
  const Scan scan = scan_of(rows, {100, 1700, rows.count()});
  for (unsigned seed = 0; seed < 24; ++seed) {
    std::mt19937 random(seed);
    Bitmap allowed(rows.count());
    for (std::size_t r = 0; r < rows.count(); ++r) {
      if (random() % 4 != 0) allowed.set(r);
    }
    Bitmap deleted(rows.count());
    for (std::size_t r = 0; r < rows.count(); r += 7) deleted.set(r);
    Scope scope;
    scope.groups = seed % 3 == 0 ? rows.patient : rows.study;
    scope.owners = rows.patient;
    if (seed % 2 == 0) scope.allowed = &allowed;
    if (seed % 5 == 0) scope.deleted = &deleted;
    std::vector<Query> set = set_of(rows, 1 + seed % 9, seed % 4 == 1, seed);
    set.front().k = std::vector<std::size_t>{1, 10, 100, 1000}[seed % 4];
    if (seed % 3 != 2) set.front().excluded_owners = {rows.patient[random() % rows.count()], 5};
    base::ThreadPool pool(1 + seed % 3);
    const SetAnswer answer = search_set(scan, set, scope, pool);
    EXPECT_TRUE(answer.exact);
    EXPECT_TRUE(same(answer.hits, compared(rows, set, scope))) << "seed " << seed;
    EXPECT_EQ(answer.counts.searched, brute_force(rows, set.front(), scope).counts.searched);
  }
}

TEST(SearchOfASet, OfGroupsThatAreEquallyNearTheLowerRowComesFirst) {
  SeriesRows rows(300, 2, 32, 4);
  for (std::size_t r = 2; r < rows.count(); ++r) {  // every study is the first one again
    std::copy_n(rows.rows.begin() + static_cast<std::ptrdiff_t>(r % 2 * 32), 32,
                rows.rows.begin() + static_cast<std::ptrdiff_t>(r * 32));
  }
  const Scan scan = scan_of(rows);
  Scope scope;
  scope.groups = rows.study;
  std::vector<Query> set = set_of(rows, 2, false, 1);
  set.front().k = 5;
  base::ThreadPool pool(2);
  const SetAnswer answer = search_set(scan, set, scope, pool);
  EXPECT_TRUE(same(answer.hits, compared(rows, set, scope)));
  ASSERT_EQ(answer.hits.size(), 5U);
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(answer.hits[i].hit.group, i);
}

TEST(SearchOfASet, WhereThereIsNothingNothingIsFound) {
  const SeriesRows rows(3, 4, 16, 5);
  const Scan scan = scan_of(rows);
  const Bitmap none(rows.count());
  Scope scope;
  scope.allowed = &none;
  base::ThreadPool pool(1);
  const SetAnswer answer = search_set(scan, set_of(rows, 2, false, 1), scope, pool);
  EXPECT_TRUE(answer.exact && answer.hits.empty());
  EXPECT_EQ(answer.counts.excluded_filter, rows.count());
}

TEST(SearchOfASet, RefusesAnEmptySetAndStopsWhenItIsAsked) {
  const SeriesRows rows(3, 4, 16, 5);
  const Scan scan = scan_of(rows);
  base::ThreadPool pool(1);
  test::expect_error(Code::kBadArgument, {"at least one vector"}, [&] { search_set(scan, {}, {}, pool); });
  std::stop_source stop;
  stop.request_stop();
  test::expect_error(Code::kInternal, {"stopped"},
                     [&] { search_set(scan, set_of(rows, 2, false, 1), {}, pool, stop.get_token()); });
}

}  // namespace
}  // namespace mi2::archive::scan
