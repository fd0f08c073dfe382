#include "archive/scan/best_groups.hpp"

#include <algorithm>
#include <iterator>

namespace mi2::archive::scan {

void BestGroups::offer(const Hit& hit) {
  if (size() >= k_ && !Better()(hit, worst())) return;
  if (!grouped_) return offer_row(hit);
  const auto found = of_group_.find(hit.group);
  if (found != of_group_.end()) {
    if (!Better()(hit, *found->second)) return;
    by_group_.erase(found->second);
    found->second = by_group_.insert(hit).first;
    return;
  }
  if (by_group_.size() >= k_) {
    of_group_.erase(by_group_.rbegin()->group);
    by_group_.erase(std::prev(by_group_.end()));
  }
  of_group_.emplace(hit.group, by_group_.insert(hit).first);
}

void BestGroups::offer_row(const Hit& hit) {
  if (heap_.size() >= k_) {
    std::pop_heap(heap_.begin(), heap_.end(), Better());
    heap_.back() = hit;
  } else {
    heap_.push_back(hit);
  }
  std::push_heap(heap_.begin(), heap_.end(), Better());
}

std::vector<Hit> BestGroups::hits() const {
  std::vector<Hit> all = heap_;
  std::sort(all.begin(), all.end(), Better());
  all.insert(all.end(), by_group_.begin(), by_group_.end());
  return all;
}

}  // namespace mi2::archive::scan
