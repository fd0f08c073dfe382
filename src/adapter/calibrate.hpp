#pragma once
// What held-out rows tell about scores: a temperature and thresholds, or that they are too few to tell.

#include <cstddef>
#include <string>
#include <vector>

#include "adapter/adapter.hpp"
#include "adapter/training.hpp"

namespace mi2::adapter {

/// Of fewer rows of a label, or of the others (of groups, where rows are grouped), no threshold and no temperature is
/// chosen.
inline constexpr std::size_t kFewestJudged = 5;
/// A temperature counts if its logarithm has at most this standard error: it is then right within a factor of two.
inline constexpr double kMostLogError = 0.35;

struct Calibration {
  double temperature = 1;
  std::string why_not{};  ///< why the temperature stays 1, for people; empty: it was fitted
  std::vector<Thresholds> thresholds{};
};

/// @param held_out  at least one row. @throws as evaluation::check().
Calibration calibrate(const Evaluated& held_out);
/// As calibrate(), of any target: findings have thresholds alone, on their logistic, and one number has nothing.
Calibration calibrate_for(Target target, const Evaluated& held_out);

}  // namespace mi2::adapter
