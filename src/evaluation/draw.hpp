#pragma once
// Random draws that are the same on every machine: the distributions of the standard library are not.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace mi2::evaluation {

/// Even over [0, count), count above 0.
inline std::size_t draw(std::mt19937_64& random, std::size_t count) {
  constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t whole = kTop - kTop % count;
  std::uint64_t number = random();
  while (number >= whole) number = random();
  return static_cast<std::size_t>(number % count);
}

/// Every order is equally likely.      Source: Fisher and Yates.
inline void shuffle(std::vector<std::size_t>& list, std::mt19937_64& random) {
  for (std::size_t left = list.size(); left > 1; --left) std::swap(list[left - 1], list[draw(random, left)]);
}

}  // namespace mi2::evaluation
