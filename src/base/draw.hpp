#pragma once
// Random draws that are the same on every machine: the distributions of the standard library are not.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace mi2::base {

/// Even over [0, count), count above 0.
inline std::size_t draw(std::mt19937_64& random, std::size_t count) {
  constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t whole = kTop - kTop % count;
  std::uint64_t number = random();
  while (number >= whole) number = random();
  return static_cast<std::size_t>(number % count);
}

/// Every order is equally likely.      Source: Fisher and Yates.
template <typename T>
void shuffle(std::vector<T>& list, std::mt19937_64& random) {
  for (std::size_t left = list.size(); left > 1; --left) std::swap(list[left - 1], list[draw(random, left)]);
}

/// Leaves `most` of a longer list, each as likely as the others, in the order in which they were drawn.
template <typename T>
void keep_drawn(std::vector<T>& list, std::size_t most, std::mt19937_64& random) {
  if (list.size() <= most) return;
  for (std::size_t i = 0; i < most; ++i) std::swap(list[i], list[i + draw(random, list.size() - i)]);
  list.resize(most);
}

}  // namespace mi2::base
