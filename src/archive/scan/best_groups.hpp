#pragma once
// The k best groups of those offered so far, each by its best row.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <set>
#include <unordered_map>

#include "archive/scan/scan.hpp"

namespace mi2::archive::scan {

class BestGroups {
 public:
  struct Better {
    bool operator()(const Hit& a, const Hit& b) const { return a.score != b.score ? a.score > b.score : a.row < b.row; }
  };
  using Hits = std::set<Hit, Better>;

  explicit BestGroups(std::size_t k) : k_(k) {}

  void offer(const Hit& hit) {
    if (hits_.size() >= k_ && !Better()(hit, *hits_.rbegin())) return;
    const auto found = of_group_.find(hit.group);
    if (found != of_group_.end()) {
      if (!Better()(hit, *found->second)) return;
      hits_.erase(found->second);
      found->second = hits_.insert(hit).first;
      return;
    }
    if (hits_.size() >= k_) {
      of_group_.erase(hits_.rbegin()->group);
      hits_.erase(std::prev(hits_.end()));
    }
    of_group_.emplace(hit.group, hits_.insert(hit).first);
  }

  /// A row with a lower score is not among them; as long as there are fewer than k, none is too low.
  [[nodiscard]] double floor() const {
    return hits_.size() < k_ ? -std::numeric_limits<double>::infinity() : hits_.rbegin()->score;
  }
  /// Whether a row of this group has a higher score.
  [[nodiscard]] bool beats(std::uint32_t group, double score) const {
    const auto found = of_group_.find(group);
    return found != of_group_.end() && found->second->score > score;
  }
  /// The best first.
  [[nodiscard]] const Hits& hits() const noexcept { return hits_; }

 private:
  std::size_t k_;
  Hits hits_;
  std::unordered_map<std::uint32_t, Hits::iterator> of_group_;
};

}  // namespace mi2::archive::scan
