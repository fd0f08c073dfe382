#pragma once
// A figure as a report has it: a number, how far it may be off, or why there is none.

#include <optional>
#include <string>
#include <utility>

#include "evaluation/bootstrap.hpp"

namespace mi2::evaluation {

/// A figure and its confidence interval, where there is one.
struct Figure {
  std::optional<double> value;
  std::optional<Interval> interval;
  std::string why{};  ///< the value or the interval is missing, for people; empty: nothing to say
};

/// A figure that these rows do not have.
inline Figure undefined(std::string why) { return {std::nullopt, std::nullopt, std::move(why)}; }

/// "0.9123 (0.8801 to 0.9402)", without an interval "0.9123", without a value "-".
std::string to_text(const Figure& figure);

}  // namespace mi2::evaluation
