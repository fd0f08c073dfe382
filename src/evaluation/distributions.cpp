#include "evaluation/distributions.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>

#include <mi2/error.hpp>

namespace mi2::evaluation {

double normal_quantile(double probability) { return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * probability); }

double normal_reach(double level) {
  if (!(level > 0 && level < 1)) {
    throw Error(Code::kBadArgument, fmt::format("interval: level: expected between 0 and 1, got {}", level));
  }
  return -normal_quantile((1 - level) / 2);
}

double normal_p(double z) { return std::erfc(std::abs(z) / std::numbers::sqrt2); }

double beta_quantile(double probability, double a, double b) { return boost::math::ibeta_inv(a, b, probability); }

double fair_coin(std::uint64_t successes, std::uint64_t trials) {
  if (successes >= trials) return 1;
  return boost::math::ibeta(static_cast<double>(trials - successes), static_cast<double>(successes + 1), 0.5);
}

}  // namespace mi2::evaluation
