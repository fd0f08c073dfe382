#include "archive/scan/standing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include <mi2/error.hpp>

namespace mi2::archive::scan {
namespace {

/// Candidates to compute before the first look at whether more are needed; twice as many each time.
constexpr std::size_t kFirstChunk = 64;
constexpr std::size_t kLastChunk = 8192;

/// The largest float that is not above.
float rounded_down(double value) {
  const auto nearest = static_cast<float>(value);
  return nearest > value ? std::nextafter(nearest, -std::numeric_limits<float>::infinity()) : nearest;
}

}  // namespace

Standing::Standing(const Query& query, const Scope& scope)
    : query_(&query),
      groups_(scope.groups),
      excluded_(query.excluded_owners),
      by_codes_(query.k, !scope.groups.empty()),
      exact_(query.k, !scope.groups.empty()) {
  std::sort(excluded_.begin(), excluded_.end());
}

bool Standing::excludes(std::uint32_t owner) const noexcept {
  if (excluded_.size() == 1) return owner == excluded_.front();
  return std::binary_search(excluded_.begin(), excluded_.end(), owner);
}

float Standing::floor() const { return rounded_down(std::max(by_codes_.floor(), exact_.floor())); }

void Standing::take(std::span<const Candidate> candidates) {
  float at_least = floor();
  for (const Candidate& candidate : candidates) {
    if (behind(candidate, at_least)) continue;
    by_codes_.offer({candidate.row, group_of(candidate.row), candidate.lower});
    at_least = floor();
    waiting_.push_back(candidate);
  }
}

void Standing::begin_rerank() {
  const float at_least = floor();
  std::erase_if(waiting_, [&](const Candidate& candidate) { return behind(candidate, at_least); });
  std::sort(waiting_.begin(), waiting_.end(), [](const Candidate& a, const Candidate& b) {
    return std::tuple(-a.upper, a.row) < std::tuple(-b.upper, b.row);
  });
  at_ = 0;
  chunk_ = kFirstChunk;
}

std::span<const Candidate> Standing::next_to_rerank() {
  // Those that the scores known by now leave behind need no place in a chunk: what is kept moves to its end.
  const float at_least = floor();
  const std::size_t first = at_;
  std::size_t kept = at_;
  while (at_ < waiting_.size() && kept - first < chunk_) {
    const Candidate& candidate = waiting_[at_];
    if (candidate.upper < at_least) {
      at_ = waiting_.size();  // they are in order
      break;
    }
    if (!beats(group_of(candidate.row), candidate.upper)) waiting_[kept++] = candidate;
    ++at_;
  }
  chunk_ = std::min(2 * chunk_, kLastChunk);
  return std::span(waiting_).subspan(first, kept - first);
}

void Standing::rerank(std::span<const Candidate> candidates, std::span<const double> scores) {
  reranked_ += candidates.size();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& candidate = candidates[i];
    const bool within = scores[i] >= candidate.lower && scores[i] <= candidate.upper;
    if (!within) throw Error(Code::kBadFile, "search: codes are not of the rows they are kept for; delete the codes");
    exact_.offer({candidate.row, group_of(candidate.row), scores[i]});
  }
}

void Standing::end_rerank() {
  waiting_.clear();
  at_ = 0;
}

Answer Standing::answer() const {
  Answer answer;
  answer.hits = exact_.hits();
  answer.reranked = reranked_;
  return answer;
}

}  // namespace mi2::archive::scan
