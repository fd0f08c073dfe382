#pragma once
// UTF-8 in and out, strictly: shortest form only, no surrogates, nothing past U+10FFFF.

#include <optional>
#include <string>
#include <string_view>

namespace mi2::text {

enum class Utf8Dialect {
  kStrict,
  kVariants,  ///< also takes CESU-8 (a pair of encoded surrogates is one character) and Java's C0 80 for U+0000
};

/// @returns nothing if `bytes` are not in the dialect; then `*bad_offset`, if given, is where it went wrong.
std::optional<std::u32string> decode_utf8(std::string_view bytes, Utf8Dialect dialect = Utf8Dialect::kStrict,
                                          std::size_t* bad_offset = nullptr);

/// Appends one character, which must be a Unicode scalar value.
void append_utf8(std::string& out, char32_t c);

}  // namespace mi2::text
