#pragma once
// Blanks around a name that is compared with others.

#include <string_view>

namespace mi2::base {

/// "P1 " is P1; of blanks alone nothing is left.
inline std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace mi2::base
