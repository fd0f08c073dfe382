#include "text/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "text/newer_unicode.hpp"

namespace mi2::text {
namespace {

int category(char32_t c) noexcept { return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->category; }

int combining_class(char32_t c) noexcept {
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

bool is_one_of(std::u32string_view set, char32_t c) noexcept { return set.find(c) != std::u32string_view::npos; }

// Unicode's Case_Ignorable, less what Unicode 15 added.
bool is_case_ignorable(char32_t c) noexcept {
  static constexpr std::u32string_view kPunctuation =
      U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";
  const int found = category(c);
  return found == UTF8PROC_CATEGORY_MN || found == UTF8PROC_CATEGORY_ME || found == UTF8PROC_CATEGORY_CF ||
         found == UTF8PROC_CATEGORY_LM || found == UTF8PROC_CATEGORY_SK || is_one_of(kPunctuation, c);
}

// Unicode's Cased, for characters that are not Case_Ignorable.
bool is_cased(char32_t c) noexcept {
  const int found = category(c);
  const auto within = [c](char32_t low, char32_t high) { return c >= low && c <= high; };
  return found == UTF8PROC_CATEGORY_LU || found == UTF8PROC_CATEGORY_LL || found == UTF8PROC_CATEGORY_LT || c == 0xAA ||
         c == 0xBA || within(0x2160, 0x217F) || within(0x24B6, 0x24E9) || within(0x1F130, 0x1F149) ||
         within(0x1F150, 0x1F169) || within(0x1F170, 0x1F189);
}

// Whether the sigma at `at` ends a word: a cased letter before it and none after it, skipping ignorable ones.
bool is_final_sigma(std::u32string_view text, std::size_t at) noexcept {
  std::size_t before = at;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  std::size_t after = at + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

// Unicode 15 gave these a combining class; to Unicode 14 they are unassigned, so they do not move.
bool is_late_mark(char32_t c) noexcept {
  return (c >= 0x10EFD && c <= 0x10EFF) || c == 0x11F41 || c == 0x11F42 || c == 0x1E08F ||
         (c >= 0x1E4EC && c <= 0x1E4EF);
}

void append_decomposed(std::u32string& out, char32_t c, int options) {
  std::array<utf8proc_int32_t, 32> buffer{};
  int boundary = 0;
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), buffer.data(), buffer.size(),
                                             static_cast<utf8proc_option_t>(options), &boundary);
  if (count < 1 || count > static_cast<utf8proc_ssize_t>(buffer.size())) {
    out.push_back(c);
    return;
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i)
    out.push_back(static_cast<char32_t>(buffer.at(static_cast<std::size_t>(i))));
}

// utf8proc's own ordering is quadratic in the length of a run of marks, which hostile text makes long.
void order_marks(std::u32string& text) {
  for (std::size_t i = 0; i < text.size();) {
    if (combining_class(text[i]) == 0) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && combining_class(text[end]) != 0) ++end;
    std::stable_sort(text.begin() + static_cast<std::ptrdiff_t>(i), text.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    i = end;
  }
}

std::u32string compose(std::u32string_view text, int options) {
  std::u32string out;
  out.reserve(text.size() + 1);
  for (const char32_t c : text) append_decomposed(out, c, options);
  order_marks(out);
  const auto length = static_cast<utf8proc_ssize_t>(out.size());
  out.push_back(0);
  static_assert(sizeof(char32_t) == sizeof(utf8proc_int32_t));
  const auto kept = utf8proc_normalize_utf32(reinterpret_cast<utf8proc_int32_t*>(out.data()), length,
                                             static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  out.resize(static_cast<std::size_t>(kept < 0 ? length : kept));
  return out;
}

}  // namespace

bool is_letter(char32_t c) noexcept {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const int found = category(c);
  return (found >= UTF8PROC_CATEGORY_LU && found <= UTF8PROC_CATEGORY_LO) || is_newer(kNewerLetters, c);
}

bool is_number(char32_t c) noexcept {
  if (c < 0x80) return c >= '0' && c <= '9';
  const int found = category(c);
  return (found >= UTF8PROC_CATEGORY_ND && found <= UTF8PROC_CATEGORY_NO) || is_newer(kNewerNumbers, c);
}

bool is_space(char32_t c) noexcept {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_decimal(char32_t c) noexcept { return category(c) == UTF8PROC_CATEGORY_ND; }

std::u32string lower(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c < 0x80) {
      out.push_back(c >= 'A' && c <= 'Z' ? c + 32 : c);
    } else if (c == 0x130) {
      out += U"i\u0307";
    } else if (c == 0x3A3) {
      out.push_back(is_final_sigma(text, i) ? 0x3C2 : 0x3C3);
    } else {
      out.push_back(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
    }
  }
  return out;
}

std::u32string nfc(std::u32string_view text) {
  // Everything below U+0300 is its own NFC and has no combining marks.
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x300; })) return std::u32string(text);
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && !is_late_mark(text[end])) ++end;
    out += compose(text.substr(i, end - i), UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    if (end < text.size()) out.push_back(text[end++]);
    i = end;
  }
  return out;
}

std::u32string nfkc(char32_t c) { return compose({&c, 1}, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT); }

}  // namespace mi2::text
