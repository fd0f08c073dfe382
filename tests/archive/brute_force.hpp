#pragma once
// A search that compares everything in f64, and a Scan over rows in memory to hold against it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "archive/scan/scan.hpp"
#include "archive/series_rows.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::scan {

using test::SeriesRows;

/// A Scan over rows in segments that end at `ends`.
inline Scan scan_of(const SeriesRows& rows, const std::vector<std::size_t>& ends) {
  base::ThreadPool pool(1);
  std::vector<Segment> segments;
  std::size_t first = 0;
  for (const std::size_t end : ends) {
    const auto values = std::span(rows.rows).subspan(first * rows.dimensions, (end - first) * rows.dimensions);
    segments.push_back({values.data(), std::make_shared<const Codes>(Codes::make(values, rows.dimensions, {}, pool))});
    first = end;
  }
  return Scan(std::move(segments));
}
inline Scan scan_of(const SeriesRows& rows) { return scan_of(rows, {rows.count()}); }

inline Answer brute_force(const SeriesRows& rows, const Query& query, const Scope& scope) {
  Answer answer;
  std::map<std::uint32_t, Hit> best;
  const auto better = [](const Hit& a, const Hit& b) { return a.score != b.score ? a.score > b.score : a.row < b.row; };
  for (std::uint32_t r = 0; r < std::min(scope.rows, rows.count()); ++r) {
    const auto& excluded = query.excluded_owners;
    if (scope.deleted != nullptr && scope.deleted->test(r)) {
      ++answer.counts.excluded_deleted;
    } else if (scope.allowed != nullptr && !scope.allowed->test(r)) {
      ++answer.counts.excluded_filter;
    } else if (!excluded.empty() && std::count(excluded.begin(), excluded.end(), scope.owners[r]) > 0) {
      ++answer.counts.excluded_owner;
    } else {
      ++answer.counts.searched;
      const Hit hit{r, scope.groups.empty() ? r : scope.groups[r], inner_product(query.vector, rows.row(r))};
      const auto [found, fresh] = best.emplace(hit.group, hit);
      if (!fresh && better(hit, found->second)) found->second = hit;
    }
  }
  for (const auto& [group, hit] : best) answer.hits.push_back(hit);
  std::sort(answer.hits.begin(), answer.hits.end(), better);
  answer.hits.resize(std::min(answer.hits.size(), query.k));
  return answer;
}

/// Whether both are the same in all that is promised: rows, groups, scores to the bit, order, counts.
inline bool same(const Answer& a, const Answer& b) {
  const auto equal = [](const Hit& x, const Hit& y) {
    return x.row == y.row && x.group == y.group && x.score == y.score;
  };
  return a.exact && b.exact && std::equal(a.hits.begin(), a.hits.end(), b.hits.begin(), b.hits.end(), equal) &&
         a.counts.searched == b.counts.searched && a.counts.excluded_deleted == b.counts.excluded_deleted &&
         a.counts.excluded_filter == b.counts.excluded_filter && a.counts.excluded_owner == b.counts.excluded_owner;
}

}  // namespace mi2::archive::scan
