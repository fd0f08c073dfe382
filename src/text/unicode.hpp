#pragma once
// What the tokenizer asks of Unicode. Categories are those of the `regex` module the reference runs with; lower-casing
// and normalization are those of Python 3.11 (Unicode 14).

#include <string>
#include <string_view>

namespace mi2::text {

bool is_letter(char32_t c) noexcept;   ///< \p{L}
bool is_number(char32_t c) noexcept;   ///< \p{N}
bool is_space(char32_t c) noexcept;    ///< White_Space
bool is_decimal(char32_t c) noexcept;  ///< Nd

/// Python's str.lower(): simple mappings, U+0130 to two characters, and the Greek final sigma rule.
std::u32string lower(std::u32string_view text);

/// Canonical composition (NFC). Linear up to sorting runs of combining marks.
std::u32string nfc(std::u32string_view text);

/// One character's NFKC form.
std::u32string nfkc(char32_t c);

}  // namespace mi2::text
