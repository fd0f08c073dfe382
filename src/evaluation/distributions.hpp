#pragma once
// The distributions behind intervals and p-values, from Boost.Math.

#include <cstdint>

namespace mi2::evaluation {

/// The point that a standard normal variable is below with this probability. @param probability  in (0, 1).
double normal_quantile(double probability);
/// The z of a two-sided interval: 1.96 for a level of 0.95. @throws Error{kBadArgument} for a level outside (0, 1).
double normal_reach(double level);
/// P(|Z| >= |z|) of a standard normal variable.
double normal_p(double z);
/// The point that a beta variable is below with this probability. @param probability  in [0, 1]; a and b above 0.
double beta_quantile(double probability, double a, double b);
/// P(X <= successes) of `trials` tosses of a fair coin.
double fair_coin(std::uint64_t successes, std::uint64_t trials);

}  // namespace mi2::evaluation
