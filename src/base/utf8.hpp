#pragma once
// Which bytes are UTF-8: file names and command lines need not be, JSON and the tokenizer must.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mi2::base {

/// @returns the length of the longest prefix that is whole, well-formed UTF-8 (no surrogates, no overlong forms).
std::size_t utf8_prefix(std::string_view bytes) noexcept;

/// Every byte that is not part of well-formed UTF-8 becomes U+FFFD.
std::string replace_invalid_utf8(std::string_view bytes);

/// For a terminal: as replace_invalid_utf8, and control characters (escape sequences, line breaks) become '?'.
std::string printable(std::string_view bytes);

/// @throws Error{kBadArgument} naming `what` and the number (from 1) of the first string that is not UTF-8. The message
///         never holds the string: it may speak of a patient.
void require_utf8(std::span<const std::string> strings, std::string_view what);

}  // namespace mi2::base
