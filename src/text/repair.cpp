#include "text/repair.hpp"

#include <algorithm>
#include <mi2/error.hpp>

#include "text/char_tables.hpp"
#include "text/unicode.hpp"

namespace mi2::text {
namespace {

constexpr std::size_t kSegmentCharacters = 1'000'000;  // ftfy's max_decode_length

std::u32string_view ligature(char32_t c) {
  switch (c) {
    case 0x132:
      return U"IJ";
    case 0x133:
      return U"ij";
    case 0x149:
      return U"\u02BCn";
    case 0x1F1:
      return U"DZ";
    case 0x1F2:
      return U"Dz";
    case 0x1F3:
      return U"dz";
    case 0x1C4:
      return U"D\u017D";
    case 0x1C5:
      return U"D\u017E";
    case 0x1C6:
      return U"d\u017E";
    case 0x1C7:
      return U"LJ";
    case 0x1C8:
      return U"Lj";
    case 0x1C9:
      return U"lj";
    case 0x1CA:
      return U"NJ";
    case 0x1CB:
      return U"Nj";
    case 0x1CC:
      return U"nj";
    case 0xFB00:
      return U"ff";
    case 0xFB01:
      return U"fi";
    case 0xFB02:
      return U"fl";
    case 0xFB03:
      return U"ffi";
    case 0xFB04:
      return U"ffl";
    case 0xFB05:
      return U"\u017Ft";
    case 0xFB06:
      return U"st";
    default:
      return {};
  }
}

bool is_unwanted_control(char32_t c) {
  return c <= 0x08 || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || (c >= 0x206A && c <= 0x206F) ||
         c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

// Printable ASCII without '&' and without control characters is what no repair touches.
bool is_plain(std::u32string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char32_t c) { return (c >= 0x20 && c < 0x7F && c != '&') || c == '\n' || c == '\t'; });
}

std::u32string fix_segment(std::u32string text, bool unescape, RepairBudget& budget) {
  while (!is_plain(text)) {
    budget.spend(text.size());
    std::u32string fixed = unescape ? unescape_html(text) : text;
    fixed = fix_encoding(std::move(fixed), budget);
    // Surrogates, which the reference repairs next, cannot occur: the text comes from strict UTF-8.
    fixed = fix_line_breaks(uncurl_quotes(fix_character_width(fix_latin_ligatures(fix_c1_controls(fixed)))));
    fixed = nfc(remove_control_chars(remove_terminal_escapes(fixed)));
    if (fixed == text) break;
    text = std::move(fixed);
  }
  return text;
}

}  // namespace

void RepairBudget::spend(std::uint64_t characters) {
  if (characters > left_) throw Error(Code::kTooLarge, "text: needs more repair passes than any real text");
  left_ -= characters;
}

std::u32string fix_c1_controls(std::u32string_view text) {
  std::u32string out(text);
  for (char32_t& c : out) {
    if (c >= 0x80 && c <= 0x9F) c = CharTables::instance().windows_1252(static_cast<std::uint8_t>(c));
  }
  return out;
}

std::u32string fix_latin_ligatures(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    const std::u32string_view parts = c < 0x132 ? std::u32string_view() : ligature(c);
    parts.empty() ? out.push_back(c) : static_cast<void>(out += parts);
  }
  return out;
}

std::u32string fix_character_width(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c == 0x3000) {
      out.push_back(' ');
    } else if (c >= 0xFF01 && c < 0xFFF0) {
      out += nfkc(c);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::u32string uncurl_quotes(std::u32string_view text) {
  std::u32string out(text);
  for (char32_t& c : out) {
    if (c == 0x2BC || (c >= 0x2018 && c <= 0x201B)) c = '\'';
    if (c >= 0x201C && c <= 0x201F) c = '"';
  }
  return out;
}

std::u32string fix_line_breaks(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out.push_back(c == '\r' || c == 0x2028 || c == 0x2029 || c == 0x85 ? U'\n' : c);
  }
  return out;
}

std::u32string remove_terminal_escapes(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == 0x1B && i + 1 < text.size() && text[i + 1] == '[') {
      std::size_t end = i + 2;
      while (end < text.size() && (text[end] == ';' || is_decimal(text[end]))) ++end;
      if (end < text.size() && text[end] < 0x80 && is_letter(text[end])) {
        i = end + 1;
        continue;
      }
    }
    out.push_back(text[i++]);
  }
  return out;
}

std::u32string remove_control_chars(std::u32string_view text) {
  std::u32string out(text);
  std::erase_if(out, is_unwanted_control);
  return out;
}

std::u32string fix_text(std::u32string_view text) {
  // Other requests wait for the thread that repairs a text. Real texts take a few passes.
  constexpr std::uint64_t kOfAnyText = 100'000;
  constexpr std::uint64_t kPasses = 40;
  RepairBudget budget(kOfAnyText + kPasses * static_cast<std::uint64_t>(text.size()));
  std::u32string out;
  out.reserve(text.size());
  bool unescape = true;
  while (!text.empty()) {
    const std::size_t line = text.find(U'\n');
    const std::size_t length = std::min(line == std::u32string_view::npos ? text.size() : line + 1, kSegmentCharacters);
    const std::u32string_view segment = text.substr(0, length);
    // From the first '<' on, the text is taken for HTML whose escapes mean something.
    if (segment.find(U'<') != std::u32string_view::npos) unescape = false;
    out += fix_segment(std::u32string(segment), unescape, budget);
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace mi2::text
