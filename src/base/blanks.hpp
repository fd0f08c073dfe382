#pragma once
// Blanks around a text, and the byte order mark before it.

#include <cstddef>
#include <string_view>

namespace mi2::base {

/// "P1 " is P1; of blanks alone nothing is left. @param blanks  what counts as one.
inline std::string_view without_blanks(std::string_view text, std::string_view blanks = " \t") {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// A text without the byte order mark of UTF-8 that some programs write before it.
inline std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

}  // namespace mi2::base
