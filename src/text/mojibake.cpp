// Text that was decoded with the wrong one-byte encoding: encode it back, decode it as the UTF-8 it was.

#include <algorithm>
#include <mi2/error.hpp>
#include <optional>

#include "text/badness.hpp"
#include "text/char_tables.hpp"
#include "text/repair.hpp"
#include "text/utf8.hpp"

namespace mi2::text {
namespace {

constexpr int kMaxDepth = 64;  // of garble inside garble

std::u32string fix_encoding_at_depth(std::u32string text, RepairBudget& budget, int depth);

unsigned at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0x100;
}
bool is_continuation(unsigned b) { return b >= 0x80 && b <= 0xBF; }

// Length of a UTF-8 sequence at `i` that only lacks a byte A0, which something turned into a space; else 0.
std::size_t spaced_sequence(std::string_view s, std::size_t i) {
  const unsigned lead = at(s, i);
  const auto usual = [&](std::size_t k) {
    const unsigned b = at(s, i + k);
    return is_continuation(b) && b != 0x85 && b != 0xA0;
  };
  const auto space = [&](std::size_t k) { return at(s, i + k) == ' '; };
  const auto any = [&](std::size_t k) { return is_continuation(at(s, i + k)); };
  if (space(1) &&
      std::string_view("\xC2\xC3\xC5\xCE\xD0\xD9").find(static_cast<char>(lead)) != std::string_view::npos) {
    return 2;
  }
  if ((lead == 0xE2 || lead == 0xE3) && space(1) && usual(2)) return 3;
  if (lead >= 0xE0 && lead <= 0xE3 && usual(1) && space(2)) return 3;
  if (lead == 0xF0 &&
      ((space(1) && any(2) && any(3)) || (any(1) && space(2) && any(3)) || (any(1) && any(2) && space(3)))) {
    return 4;
  }
  return 0;
}

// "\xC3 " as a word of its own is an a with grave that keeps its space; not in a few Portuguese words.
bool is_a_grave_word(std::string_view s, std::size_t i) {
  if (at(s, i) != 0xC3 || at(s, i + 1) != ' ') return false;
  const std::string_view rest = s.substr(i + 2);
  for (const std::string_view other : {" ", "quele", "quela", "quilo", "s "}) {
    if (rest.starts_with(other)) return false;
  }
  return true;
}

std::string restore_byte_a0(const std::string& bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    if (is_a_grave_word(bytes, i)) {
      out += "\xC3\xA0 ";
      i += 2;
      continue;
    }
    const std::size_t length = std::max<std::size_t>(spaced_sequence(bytes, i), 1);
    const bool found = length > 1;
    for (std::size_t k = 0; k < length; ++k) out.push_back(found && bytes[i + k] == ' ' ? '\xA0' : bytes[i + k]);
    i += length;
  }
  return out;
}

// Length of a sequence at `i` some of whose bytes were lost (1A, or '?' at most once); else 0.
std::size_t lossy_sequence(std::string_view s, std::size_t i) {
  const unsigned lead = at(s, i);
  const auto lost = [&](std::size_t k) { return at(s, i + k) == 0x1A || at(s, i + k) == '?'; };
  const auto kept = [&](std::size_t k) { return at(s, i + k) == 0x1A || is_continuation(at(s, i + k)); };
  const auto within = [&](std::size_t k, unsigned low, unsigned high) {
    return at(s, i + k) >= low && at(s, i + k) <= high;
  };
  if (lead == 0x1A) return 1;
  if (lead >= 0xC2 && lead <= 0xDF && at(s, i + 1) == 0x1A) return 2;
  if ((lead == 0xC2 || lead == 0xC3) && at(s, i + 1) == '?') return 2;
  if (lead == 0xED && within(1, 0xA0, 0xAF) && at(s, i + 3) == 0xED && within(4, 0xB0, 0xBF)) {
    const auto any = [&](std::size_t k) { return lost(k) || is_continuation(at(s, i + k)); };
    if ((lost(2) && any(5)) || (any(2) && lost(5))) return 6;
  }
  if (lead >= 0xE0 && lead <= 0xEF && ((lost(1) && kept(2)) || (kept(1) && lost(2)))) return 3;
  if (lead >= 0xF0 && lead <= 0xF4 &&
      ((lost(1) && kept(2) && kept(3)) || (kept(1) && lost(2) && kept(3)) || (kept(1) && kept(2) && lost(3)))) {
    return 4;
  }
  return 0;
}

std::string replace_lossy_sequences(const std::string& bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t length = lossy_sequence(bytes, i);
    length > 0 ? static_cast<void>(out += "\xEF\xBF\xBD") : out.push_back(bytes[i]);
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::optional<std::u32string> decode_whole(std::u32string_view text) {
  std::string bytes;
  for (const Charmap& map : CharTables::instance().charmaps()) {
    if (!map.encode(text, bytes)) continue;
    if (map.name != "macroman") bytes = restore_byte_a0(bytes);
    if (map.sloppy) bytes = replace_lossy_sequences(bytes);
    const bool variants = bytes.find_first_of("\xED\xC0") != std::string::npos;
    auto decoded = decode_utf8(bytes, variants ? Utf8Dialect::kVariants : Utf8Dialect::kStrict);
    if (decoded) return decoded;
  }
  return std::nullopt;
}

// Length of the run of UTF-8-like sequences at `i`.
std::size_t garbled_run(std::u32string_view text, std::size_t i) {
  const CharTables& tables = CharTables::instance();
  const auto continued = [&](std::size_t from, std::size_t count) {
    for (std::size_t k = from; k < from + count; ++k) {
      if (k >= text.size() || (tables.classes(text[k]) & kContinuation) == 0) return false;
    }
    return true;
  };
  std::size_t end = i;
  while (end < text.size()) {
    const std::uint32_t found = tables.classes(text[end]);
    if ((found & kFirstOf2) != 0 && continued(end + 1, 1)) {
      end += 2;
    } else if ((found & kFirstOf3) != 0 && continued(end + 1, 2)) {
      end += 3;
    } else if ((found & kFirstOf4) != 0 && continued(end + 1, 3)) {
      end += 4;
    } else {
      break;
    }
  }
  return end - i;
}

std::u32string decode_inconsistent_utf8(std::u32string_view text, RepairBudget& budget, int depth) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool inside = i > 0 && (CharTables::instance().classes(text[i - 1]) & kContinuationStrict) != 0;
    const std::size_t length = inside ? 0 : garbled_run(text, i);
    const std::u32string_view part = text.substr(i, std::max<std::size_t>(length, 1));
    if (length > 0 && length < text.size() && is_bad(part)) {
      out += fix_encoding_at_depth(std::u32string(part), budget, depth + 1);
    } else {
      out += part;
    }
    i += part.size();
  }
  return out;
}

bool is_c1(char32_t c) { return c >= 0x80 && c <= 0x9F; }

std::u32string fix_once(const std::u32string& text, RepairBudget& budget, int depth) {
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; }) || !is_bad(text)) return text;
  budget.spend(text.size());
  if (auto decoded = decode_whole(text)) return *decoded;
  std::u32string fixed = decode_inconsistent_utf8(text, budget, depth);
  // What remains of Latin-1's control characters was meant as Windows-1252, as a whole or one by one.
  return fixed != text || std::none_of(text.begin(), text.end(), is_c1) ? fixed : fix_c1_controls(text);
}

std::u32string fix_encoding_at_depth(std::u32string text, RepairBudget& budget, int depth) {
  if (depth > kMaxDepth) throw Error(Code::kTooLarge, "text: needs more repair passes than any real text");
  while (true) {
    std::u32string fixed = fix_once(text, budget, depth);
    if (fixed == text) return text;
    text = std::move(fixed);
  }
}

}  // namespace

std::u32string fix_encoding(std::u32string text, RepairBudget& budget) {
  return fix_encoding_at_depth(std::move(text), budget, 0);
}

}  // namespace mi2::text
