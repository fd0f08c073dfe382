#include "suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"

namespace mi2::cli {

std::string listed(std::span<const std::string> words) {
  if (words.size() < 2) return words.empty() ? std::string() : words.front();
  return fmt::format("{} or {}", fmt::join(words.first(words.size() - 1), ", "), words.back());
}

std::string hint(std::string_view typed, std::span<const std::string> known) {
  const std::string found = base::nearest(typed, known);
  return found.empty() ? found : fmt::format("; did you mean {}?", found);
}

}  // namespace mi2::cli
