#pragma once
// From a score to one of three words: those who act on it must know when it says little.

#include <cstdint>
#include <string_view>

namespace mi2::evaluation {

enum class Call : std::uint8_t { kPositive, kPossible, kNegative };
/// "positive", "possible" or "negative"
std::string_view name_of(Call call) noexcept;

struct CutOffs {
  double positive = 0;  ///< a score of at least this is positive
  double negative = 0;  ///< another, of at most this, is negative; what is left is possible
};
Call call_of(double score, const CutOffs& cut_offs) noexcept;

/// The cut-offs under which a score below `possible` is negative, and `possible` itself is not.
CutOffs possible_from(double possible, double positive) noexcept;

/// What the published notebooks use for zero-shot scores; nobody has calibrated them to any labels.
inline constexpr double kZeroShotPositive = 0.20;
inline constexpr double kZeroShotPossible = 0.08;

}  // namespace mi2::evaluation
