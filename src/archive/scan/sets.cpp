#include "archive/scan/sets.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <mi2/error.hpp>

namespace mi2::archive::scan {
namespace {

/// How deep the first lists are, and by how much the next ones are deeper.
constexpr std::size_t kFirstDepth = 64;
constexpr std::size_t kDeeper = 8;
/// Hits of all lists together; where more were needed, every group is computed.
constexpr std::size_t kMostListed = std::size_t{1} << 21;

bool nearer_set(const SetHit& a, const SetHit& b) {
  return a.hit.score != b.hit.score ? a.hit.score > b.hit.score : a.hit.row < b.hit.row;
}

/// A group that a list has, or that is computed anyway.
struct Promising {
  std::uint32_t group = 0;
  double bound = 0;  ///< its mean is at most this
  std::vector<std::uint32_t> rows;
};

/// The mean as all code here has it: in the order of the set, so that bounds of each part bound the mean, too.
double mean_of(std::span<const double> scores) {
  double sum = 0;
  for (const double score : scores) sum += score;
  return sum / static_cast<double>(scores.size());
}

class SetSearch {
 public:
  SetSearch(const Scan& scan, std::span<const Query> set, const Scope& scope, base::ThreadPool& pool,
            std::stop_token stop)
      : scan_(scan), set_(set), scope_(scope), pool_(pool), stop_(std::move(stop)) {}

  SetAnswer run() {
    std::size_t depth = std::max(kFirstDepth, 2 * set_.front().k);
    while (depth * set_.size() <= kMostListed) {
      const std::vector<Answer> lists = list(depth);
      note(lists);
      std::vector<Promising> candidates = candidates_of(lists);
      compute(candidates);
      if (is_proven(lists, depth)) return finish();
      depth *= kDeeper;
    }
    note(list(set_.front().k));
    std::vector<Promising> all = all_groups();
    compute(all);
    return finish();
  }

 private:
  [[nodiscard]] std::vector<Answer> list(std::size_t depth) const {
    std::vector<Query> queries(set_.begin(), set_.end());
    for (Query& query : queries) {
      query.k = depth;
      query.excluded_owners = set_.front().excluded_owners;
    }
    return scan_.search(queries, scope_, pool_, stop_);
  }

  void note(std::span<const Answer> lists) {
    answer_.counts = lists.front().counts;
    answer_.exact = std::all_of(lists.begin(), lists.end(), [](const Answer& list) { return list.exact; });
  }

  /// The groups of the lists that are not computed yet, the most promising first.
  [[nodiscard]] std::vector<Promising> candidates_of(std::span<const Answer> lists) const {
    std::unordered_map<std::uint32_t, std::vector<double>> bounds;
    std::vector<double> floors;  // what a group that a list has not scores at most
    for (const Answer& list : lists) floors.push_back(list.hits.empty() ? 0 : list.hits.back().score);
    for (std::size_t q = 0; q < lists.size(); ++q) {
      for (const Hit& hit : lists[q].hits) bounds.emplace(hit.group, floors).first->second[q] = hit.score;
    }
    std::vector<Promising> candidates;
    for (const auto& [group, scores] : bounds) {
      if (!computed_.contains(group)) candidates.push_back({group, mean_of(scores), {}});
    }
    std::sort(candidates.begin(), candidates.end(), [](const Promising& a, const Promising& b) {
      return a.bound != b.bound ? a.bound > b.bound : a.group < b.group;
    });
    return candidates;
  }

  [[nodiscard]] std::vector<Promising> all_groups() const {
    std::vector<Promising> candidates;
    std::unordered_set<std::uint32_t> seen;
    each_row([&](std::uint32_t, std::uint32_t group) {
      if (!computed_.contains(group) && seen.insert(group).second) {
        candidates.push_back({group, std::numeric_limits<double>::infinity(), {}});
      }
    });
    return candidates;
  }

  /// Calls use(row, group) for each row that is searched.
  template <typename Use>
  void each_row(const Use& use) const {
    std::vector<std::uint32_t> excluded = set_.front().excluded_owners;
    std::sort(excluded.begin(), excluded.end());
    const auto rows = static_cast<std::uint32_t>(std::min(scope_.rows, scan_.rows()));
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (scope_.deleted != nullptr && scope_.deleted->test(row)) continue;
      if (scope_.allowed != nullptr && !scope_.allowed->test(row)) continue;
      if (!excluded.empty() && std::binary_search(excluded.begin(), excluded.end(), scope_.owners[row])) continue;
      use(row, scope_.groups.empty() ? row : scope_.groups[row]);
    }
  }

  void add_rows(std::span<Promising> candidates) const {
    std::unordered_map<std::uint32_t, Promising*> by_group;
    for (Promising& one : candidates) by_group.emplace(one.group, &one);
    each_row([&](std::uint32_t row, std::uint32_t group) {
      const auto found = by_group.find(group);
      if (found != by_group.end()) found->second->rows.push_back(row);
    });
  }

  [[nodiscard]] SetHit hit_of(const Promising& candidate) const {
    SetHit hit;
    std::vector<double> scores;
    const Nearest* best = nullptr;
    for (const Query& query : set_) {
      std::optional<Nearest> nearest;
      for (const std::uint32_t row : candidate.rows) {
        const double score = inner_product(query.vector, scan_.row(row));
        if (!nearest || score > nearest->score) nearest = Nearest{row, score};
      }
      hit.pairs.push_back(*nearest);
      scores.push_back(nearest->score);
    }
    for (const Nearest& pair : hit.pairs) {
      const bool first = best == nullptr || pair.score > best->score;
      if (first || (pair.score == best->score && pair.row < best->row)) best = &pair;
    }
    hit.hit = {best->row, candidate.group, mean_of(scores)};
    return hit;
  }

  /// What a group has to be better than to count.
  [[nodiscard]] double least() const {
    const std::size_t k = set_.front().k;
    return best_.size() < k ? -std::numeric_limits<double>::infinity() : best_[k - 1].hit.score;
  }

  /// Computes candidates, some at a time, until none of the rest can be better.
  void compute(std::vector<Promising>& candidates) {
    add_rows(candidates);
    // As many at a time whatever the threads: the same groups are then computed everywhere.
    constexpr std::size_t kAtOnce = 16;
    for (std::size_t at = 0; at < candidates.size() && candidates[at].bound >= least(); at += kAtOnce) {
      const auto some = std::span(candidates).subspan(at, std::min(kAtOnce, candidates.size() - at));
      std::vector<SetHit> hits(some.size());
      pool_.run(some.size(), [&](std::size_t i) {
        if (stop_.stop_requested()) throw Error(Code::kInternal, "search: stopped");
        hits[i] = hit_of(some[i]);
      });
      for (SetHit& hit : hits) {
        computed_.insert(hit.hit.group);
        best_.push_back(std::move(hit));
      }
      std::sort(best_.begin(), best_.end(), nearer_set);
      best_.resize(std::min(best_.size(), set_.front().k));
    }
  }

  /// Whether no group that is in no list, or was in one and not promising, can be among the best.
  [[nodiscard]] bool is_proven(std::span<const Answer> lists, std::size_t depth) const {
    if (lists.front().hits.size() < depth) return true;  // the lists have all groups
    std::vector<double> floors;
    for (const Answer& list : lists) floors.push_back(list.hits.back().score);
    return least() > mean_of(floors);
  }

  SetAnswer finish() {
    answer_.hits = std::move(best_);
    return std::move(answer_);
  }

  const Scan& scan_;
  std::span<const Query> set_;
  const Scope& scope_;
  base::ThreadPool& pool_;
  std::stop_token stop_;
  std::unordered_set<std::uint32_t> computed_;
  std::vector<SetHit> best_;
  SetAnswer answer_;
};

}  // namespace

SetAnswer search_set(const Scan& scan, std::span<const Query> set, const Scope& scope, base::ThreadPool& pool,
                     std::stop_token stop) {
  if (set.empty()) throw Error(Code::kBadArgument, "search: expected at least one vector, got none");
  return SetSearch(scan, set, scope, pool, std::move(stop)).run();
}

}  // namespace mi2::archive::scan
