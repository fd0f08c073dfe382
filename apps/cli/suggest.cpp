#include "suggest.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/table.hpp"
#include "weights/names.hpp"

namespace mi2::cli {
namespace {

/// No word of ours is longer; what was typed may be.
constexpr std::size_t kLongest = 40;

/// Options without their dashes, which all have.
std::string_view bare(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  return word;
}

}  // namespace

std::string listed(std::span<const std::string> words) {
  if (words.size() < 2) return words.empty() ? std::string() : words.front();
  return fmt::format("{} or {}", fmt::join(words.first(words.size() - 1), ", "), words.back());
}

std::string nearest(std::string_view typed, std::span<const std::string> known) {
  constexpr std::size_t kLeast = 3;  // letters that say something
  const std::string lower = base::lower_ascii(bare(typed));
  if (lower.empty() || lower.size() > kLongest) return {};
  const std::string* best = nullptr;
  std::size_t best_cost = (lower.size() <= kLeast ? 1 : std::max<std::size_t>(2, lower.size() / 3)) + 1;
  for (const std::string& word : known) {
    const std::string other = base::lower_ascii(bare(word));
    std::size_t cost = weights::edit_distance(lower, other);
    const std::size_t shorter = std::min(lower.size(), other.size());
    if (shorter >= kLeast && lower.compare(0, shorter, other, 0, shorter) == 0) cost = std::min<std::size_t>(cost, 1);
    if (cost < best_cost) {
      best = &word;
      best_cost = cost;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string hint(std::string_view typed, std::span<const std::string> known) {
  const std::string found = nearest(typed, known);
  return found.empty() ? found : fmt::format("; did you mean {}?", found);
}

}  // namespace mi2::cli
