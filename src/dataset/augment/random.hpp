#pragma once
// Random numbers that are the same on every machine, compiler and thread count.

#include <cstdint>
#include <initializer_list>

namespace mi2::dataset {

/// SplitMix64, with distributions of its own: those of <random> differ between standard libraries.
/// Source: Steele, Lea and Flood, OOPSLA 2014.
class Random {
 public:
  /// A stream that depends on every number of `key` and on their order: (seed, epoch, place, what for).
  Random(std::initializer_list<std::uint64_t> key) noexcept;

  std::uint64_t next() noexcept;
  /// In [0, 1), 53 bits.
  double uniform() noexcept;
  /// In [low, high); `low` if the two are equal.
  double uniform(double low, double high) noexcept;
  /// In [0, count), all equally likely. count > 0.
  std::uint64_t below(std::uint64_t count) noexcept;
  /// True with this probability.
  bool chance(double probability) noexcept;
  /// Standard normal.
  double normal() noexcept;
  /// Beta(a, b), a > 0 and b > 0, in [0, 1].
  double beta(double a, double b) noexcept;

 private:
  /// Gamma(shape, 1).      Source: Marsaglia and Tsang, ACM TOMS 26 (2000).
  double gamma(double shape) noexcept;

  std::uint64_t state_ = 0;
};

}  // namespace mi2::dataset
