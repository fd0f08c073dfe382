#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/table.hpp"

namespace mi2::base {
namespace {

/// No word of ours is longer; what was typed may be.
constexpr std::size_t kLongestWord = 40;

/// Options without their dashes, which all have.
std::string_view bare(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  return word;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

std::string nearest(std::string_view typed, std::span<const std::string> known) {
  constexpr std::size_t kLeast = 3;  // letters that say something
  const std::string lower = lower_ascii(bare(typed));
  if (lower.empty() || lower.size() > kLongestWord) return {};
  const std::string* best = nullptr;
  std::size_t best_cost = (lower.size() <= kLeast ? 1 : std::max<std::size_t>(2, lower.size() / 3)) + 1;
  for (const std::string& word : known) {
    const std::string other = lower_ascii(bare(word));
    std::size_t cost = edit_distance(lower, other);
    const std::size_t shorter = std::min(lower.size(), other.size());
    if (shorter >= kLeast && lower.compare(0, shorter, other, 0, shorter) == 0) cost = std::min<std::size_t>(cost, 1);
    if (cost < best_cost) {
      best = &word;
      best_cost = cost;
    }
  }
  return best == nullptr ? std::string() : *best;
}

}  // namespace mi2::base
