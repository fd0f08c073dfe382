// HTML character references: &name; &#decimal; &#xhex; as HTML 5 decodes them, only with their semicolon.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "text/char_tables.hpp"
#include "text/repair.hpp"

namespace mi2::text {
namespace {

constexpr std::size_t kMaxName = 24;

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char32_t c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<std::uint32_t> digit_value(char32_t c, std::uint32_t base) {
  const char32_t folded = c | 0x20U;
  std::uint32_t value = 99;
  if (is_digit(c)) value = c - '0';
  if (folded >= 'a' && folded <= 'f') value = folded - 'a' + 10;
  return value < base ? std::optional(value) : std::nullopt;
}

// The characters a code point reference stands for: some numbers mean others, some mean nothing.
std::u32string referenced(std::uint32_t number) {
  if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > 0x10FFFF) return U"\uFFFD";
  if (number == '\r') return U"\r";
  if (number >= 0x80 && number <= 0x9F) {
    return {CharTables::instance().windows_1252(static_cast<std::uint8_t>(number))};
  }
  const bool invalid = number <= 8 || number == 0xB || (number >= 0xE && number <= 0x1F) || number == 0x7F ||
                       (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFEU) == 0xFFFE;
  return invalid ? std::u32string() : std::u32string{static_cast<char32_t>(number)};
}

// What stands between "&#" and ';'.
std::optional<std::u32string> decode_number(std::u32string_view digits) {
  const bool hex = !digits.empty() && (digits.front() == 'x' || digits.front() == 'X');
  if (hex) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  std::uint32_t number = 0;
  for (const char32_t c : digits) {
    const auto value = digit_value(c, hex ? 16 : 10);
    if (!value) return std::nullopt;
    number = std::min<std::uint32_t>(number * (hex ? 16 : 10) + *value, 0x110000);
  }
  if (number == ';') return std::nullopt;  // the reference takes the result for a reference decoded in part
  return referenced(number);
}

}  // namespace

std::u32string unescape_html(std::u32string_view text) {
  if (text.find(U'&') == std::u32string_view::npos) return std::u32string(text);
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t begin = i + 1;
    const bool numeric = begin < text.size() && text[begin] == '#';
    if (numeric) ++begin;
    std::size_t end = begin;
    while (text[i] == '&' && end < text.size() && end - begin < kMaxName && is_alphanumeric(text[end])) ++end;
    if (text[i] != '&' || end == begin || end == text.size() || text[end] != ';') {
      out.push_back(text[i++]);
      continue;
    }
    const std::u32string_view name = text.substr(begin, end - begin);
    std::optional<std::u32string> meaning;
    if (numeric) {
      meaning = decode_number(name);
    } else if (const auto* found = CharTables::instance().entity(std::string(name.begin(), name.end()))) {
      meaning = *found;
    }
    out += meaning ? std::u32string_view(*meaning) : text.substr(i, end + 1 - i);
    i = end + 1;
  }
  return out;
}

}  // namespace mi2::text
