#include "evaluation/call.hpp"

#include <cmath>
#include <limits>

namespace mi2::evaluation {

std::string_view name_of(Call call) noexcept {
  switch (call) {
    case Call::kPositive:
      return "positive";
    case Call::kPossible:
      return "possible";
    case Call::kNegative:
      break;
  }
  return "negative";
}

Call call_of(double score, const CutOffs& cut_offs) noexcept {
  if (score >= cut_offs.positive) return Call::kPositive;
  return score <= cut_offs.negative ? Call::kNegative : Call::kPossible;
}

CutOffs possible_from(double possible, double positive) noexcept {
  return {positive, std::nextafter(possible, -std::numeric_limits<double>::infinity())};
}

}  // namespace mi2::evaluation
