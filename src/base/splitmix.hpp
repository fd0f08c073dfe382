#pragma once
// Bits that look random and are a function of a number: the same on every machine and in every thread.

#include <cstdint>
#include <initializer_list>

namespace mi2::base {

inline constexpr std::uint64_t kSplitMixStep = 0x9E3779B97F4A7C15ULL;

/// SplitMix64's last step: each bit of `x` changes half of the result's.
/// Source: Steele, Lea and Flood, OOPSLA 2014.
constexpr std::uint64_t mix_bits(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// Depends on every number of `key` and on their order.
constexpr std::uint64_t mix_key(std::initializer_list<std::uint64_t> key) noexcept {
  std::uint64_t state = 0;
  for (const std::uint64_t part : key) state = mix_bits((state ^ part) + kSplitMixStep);
  return state;
}

}  // namespace mi2::base
