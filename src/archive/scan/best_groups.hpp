#pragma once
// The k best groups of those offered so far, each by its best row.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <unordered_map>
#include <vector>

#include "archive/scan/scan.hpp"

namespace mi2::archive::scan {

class BestGroups {
 public:
  /// @param grouped  whether several rows may be of one group; if not, nothing is looked up.
  BestGroups(std::size_t k, bool grouped) : k_(k), grouped_(grouped) {}

  void offer(const Hit& hit);

  /// A row with a lower score is not among them; as long as there are fewer than k, none is too low.
  [[nodiscard]] double floor() const {
    if (size() < k_) return -std::numeric_limits<double>::infinity();
    return worst().score;
  }
  /// Whether another row of this group has a higher score.
  [[nodiscard]] bool beats(std::uint32_t group, double score) const {
    if (!grouped_) return false;
    const auto found = of_group_.find(group);
    return found != of_group_.end() && found->second->score > score;
  }
  [[nodiscard]] std::size_t size() const noexcept { return grouped_ ? by_group_.size() : heap_.size(); }
  /// The best first.
  [[nodiscard]] std::vector<Hit> hits() const;

 private:
  struct Better {
    bool operator()(const Hit& a, const Hit& b) const { return a.score != b.score ? a.score > b.score : a.row < b.row; }
  };
  using Hits = std::set<Hit, Better>;

  /// Of one or more.
  [[nodiscard]] const Hit& worst() const { return grouped_ ? *by_group_.rbegin() : heap_.front(); }
  void offer_row(const Hit& hit);

  std::size_t k_;
  bool grouped_;
  std::vector<Hit> heap_;  ///< of rows alone: the worst in front
  Hits by_group_;
  std::unordered_map<std::uint32_t, Hits::iterator> of_group_;
};

}  // namespace mi2::archive::scan
