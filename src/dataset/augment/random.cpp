#include "dataset/augment/random.hpp"

#include <cmath>
#include <numbers>

#include "base/splitmix.hpp"

namespace mi2::dataset {

Random::Random(std::initializer_list<std::uint64_t> key) noexcept : state_(base::mix_key(key)) {}

std::uint64_t Random::next() noexcept {
  state_ += base::kSplitMixStep;
  return base::mix_bits(state_);
}

double Random::uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double Random::uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }

std::uint64_t Random::below(std::uint64_t count) noexcept {
  // Numbers past the last whole multiple of `count` would make the small ones likelier.
  const std::uint64_t excess = (0 - count) % count;
  std::uint64_t x = next();
  while (x < excess) x = next();
  return x % count;
}

bool Random::chance(double probability) noexcept { return uniform() < probability; }

double Random::normal() noexcept {
  // Box and Muller; 1 - u is never 0.
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double Random::gamma(double shape) noexcept {
  if (shape < 1.0) {
    const double larger = gamma(shape + 1.0);
    return larger * std::pow(1.0 - uniform(), 1.0 / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal();
    const double v = std::pow(1.0 + c * x, 3.0);
    if (v <= 0) continue;
    if (std::log(1.0 - uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double Random::beta(double a, double b) noexcept {
  const double x = gamma(a);
  const double y = gamma(b);
  // Both can underflow when a and b are tiny; the distribution is then at its two ends.
  if (x + y <= 0) return chance(a / (a + b)) ? 1.0 : 0.0;
  return x / (x + y);
}

}  // namespace mi2::dataset
