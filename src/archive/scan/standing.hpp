#pragma once
// How far a query is: which rows may still be among its best, and which are known to be.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "archive/scan/best_groups.hpp"
#include "archive/scan/scan.hpp"

namespace mi2::archive::scan {

/// A row that may be among the best.
struct Candidate {
  float upper = 0;  ///< the score is not above this
  float lower = 0;  ///< nor below this
  std::uint32_t row = 0;
};

class Standing {
 public:
  Standing(const Query& query, const Scope& scope);

  [[nodiscard]] const Query& query() const noexcept { return *query_; }
  [[nodiscard]] bool excludes_owners() const noexcept { return !excluded_.empty(); }
  /// @param owner  Scope::owners of a row.
  [[nodiscard]] bool excludes(std::uint32_t owner) const noexcept;
  [[nodiscard]] std::uint32_t group_of(std::uint32_t row) const noexcept {
    return groups_.empty() ? row : groups_[row];
  }

  /// A row whose score is certainly below this is not among the best: rounded down.
  [[nodiscard]] float floor() const;
  /// Whether a row that is at most this good cannot be its group's best.
  [[nodiscard]] bool beats(std::uint32_t group, float upper) const {
    return by_codes_.beats(group, upper) || exact_.beats(group, upper);
  }

  /// Takes in what a block came out with.
  void take(std::span<const Candidate> candidates);
  /// Candidates that wait to be computed.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

  /// Puts what waits in order, the most promising first, without what has fallen behind.
  void begin_rerank();
  /// The next candidates to compute, none if no row left can be better than those known. They are left out of the next
  /// call.
  [[nodiscard]] std::span<const Candidate> next_to_rerank();
  /// @param scores  of what next_to_rerank() gave. @throws Error{kBadFile} if one is not within its bounds.
  void rerank(std::span<const Candidate> candidates, std::span<const double> scores);
  /// Nothing waits any more.
  void end_rerank();

  /// The answer, but for what was counted.
  [[nodiscard]] Answer answer() const;

 private:
  [[nodiscard]] bool behind(const Candidate& candidate, float at_least) const {
    return candidate.upper < at_least || beats(group_of(candidate.row), candidate.upper);
  }

  const Query* query_;
  std::span<const std::uint32_t> groups_;
  std::vector<std::uint32_t> excluded_;  ///< in order
  BestGroups by_codes_;                  ///< by lower bounds
  BestGroups exact_;                     ///< by scores
  std::vector<Candidate> waiting_;
  std::size_t at_ = 0;     ///< of waiting_: those before were handed out
  std::size_t chunk_ = 0;  ///< to hand out next
  std::size_t reranked_ = 0;
};

}  // namespace mi2::archive::scan
