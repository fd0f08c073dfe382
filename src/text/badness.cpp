#include "text/badness.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <tuple>

#include "text/char_tables.hpp"
#include "text/unicode.hpp"

namespace mi2::text {
namespace {

// Kinds that are not in the tables.
constexpr std::uint32_t kAsciiLower = 1U << 24;
constexpr std::uint32_t kAsciiUpper = 1U << 25;
constexpr std::uint32_t kWhite = 1U << 26;
constexpr std::uint32_t kWordChar = 1U << 27;
constexpr std::uint32_t kNotAsciiLetter = 1U << 28;

constexpr std::uint32_t kAsciiLetter = kAsciiLower | kAsciiUpper;

std::uint32_t kinds(char32_t c) {
  std::uint32_t found = CharTables::instance().classes(c);
  if (c >= 'a' && c <= 'z') found |= kAsciiLower;
  if (c >= 'A' && c <= 'Z') found |= kAsciiUpper;
  if (is_space(c) || (c >= 0x1C && c <= 0x1F)) found |= kWhite;
  if (c == '_' || is_letter(c) || is_number(c)) found |= kWordChar;
  if ((found & kAsciiLetter) == 0) found |= kNotAsciiLetter;

  return found;
}

/// One place of a sequence: a character of one of the kinds, or one of the listed ones. Empty: the sequence has ended.
struct Place {
  std::uint32_t kinds = 0;
  std::u32string_view listed = {};
};
using Sequence = std::array<Place, 5>;

constexpr std::uint32_t kAccented = kLowerAccented | kUpperAccented;
constexpr std::uint32_t kBesideBad = kAccented | kBox | kStart | kEnd | kCurrency | kNumeric | kLaw;
constexpr std::uint32_t kArabicSecond = kCommon | kCurrency | kBad | kNumeric | kStart;
constexpr std::uint32_t kSlavicSecond = kC1 | kBad | kStart | kEnd | kCurrency;
constexpr std::u32string_view kArabicFirst = U"\u00D8\u00D9";
constexpr std::u32string_view kArabicListed = U"\u0178\u0160\u00AE\u00B0\u00B5\u00BB";
constexpr std::u32string_view kCyrillic = U"\u0412\u0413\u0420\u0421";
constexpr std::u32string_view kGreek = U"\u0392\u0393\u039E\u039F";
constexpr std::u32string_view kAHats = U"\u00C3\u00C2";

constexpr Sequence kSequences[] = {
    {{{kC1}}},
    {{{kBad | kBesideBad}, {kBad}}},
    {{{kAsciiLetter}, {kLowerCommon | kUpperCommon}, {kBad}}},
    {{{kBad}, {kBesideBad}}},
    {{{kLowerAccented | kLowerCommon | kBox | kEnd | kCurrency | kNumeric}, {kUpperAccented}}},
    {{{kBox | kEnd | kCurrency | kNumeric}, {kLowerAccented}}},
    {{{kLowerAccented | kBox | kEnd}, {kCurrency}}},
    {{{kWhite}, {kUpperAccented}, {kCurrency}}},
    {{{kUpperAccented | kBox}, {kNumeric | kLaw}}},
    {{{kAccented | kBox | kCurrency | kEnd}, {kStart}, {kNumeric}}},
    {{{kAccented | kCurrency | kNumeric | kBox | kLaw}, {kEnd}, {kStart}}},
    {{{kCurrency | kNumeric | kBox}, {kStart}}},
    {{{kAsciiLower}, {kUpperAccented}, {kStart | kCurrency}}},
    {{{kBox}, {kKaomoji}}},
    {{{kAccented | kCurrency | kNumeric | kStart | kEnd | kLaw}, {kBox}}},
    {{{kBox}, {kEnd}}},
    {{{kAccented}, {kStart | kEnd}, {kWordChar}}},
    // The ligature oe when no plain letter follows; degree signs after capitals.
    {{{0, U"\u0152\u0153"}, {kNotAsciiLetter}}},
    {{{kUpperAccented}, {0, U"\u00B0"}}},
    // Two characters of Windows-1252.
    {{{0, U"\u00C2\u00C3\u00CE\u00D0"},
      {kStart | kEnd,
       U"\u20AC\u0153\u0160\u0161\u00A2\u00A3\u0178\u017E\u00A0\u00AD\u00AE\u00A9\u00B0\u00B7\u00BB"
       U"\u2013\u2014\u00B4"}}},
    {{{0, U"\u00D7"}, {0, U"\u00B2\u00B3"}}},
    // Arabic in Windows-1252.
    {{{0, kArabicFirst}, {kArabicSecond, kArabicListed}, {0, kArabicFirst}, {kArabicSecond, kArabicListed}}},
    // South Asian alphabets in Windows-1252.
    {{{0, U"\u00E0"}, {0, U"\u00B2\u00B5\u00B9\u00BC\u00BD\u00BE"}}},
    // MacRoman.
    {{{0, U"\u221A"}, {0, U"\u00B1\u2202\u2020\u2260\u00AE\u2122\u00B4\u2264\u2265\u00A5\u00B5\u00F8"}}},
    {{{0, U"\u2248"}, {0, U"\u00B0\u00A2"}}},
    {{{0, U"\u201A"},
      {0, U"\u00C4"},
      {0, U"\u00EC\u00EE\u00EF\u00F2\u00F4\u00FA\u00F9\u00FB\u2020\u00B0\u00A2\u03C0"}}},
    {{{0, U"\u201A"}, {0, U"\u00E2\u00F3"}, {0, U"\u00E0\u00E4\u00B0\u00EA"}}},
    // Windows-1251.
    {{{0, U"\u0432"}, {0, U"\u0402"}}},
    {{{0, kCyrillic}, {kSlavicSecond, U"\u00B0\u00B5"}, {0, kCyrillic}}},
    // Windows-1252 forms of a with grave or acute, and of U+00A0 itself.
    {{{0, U"\u00C3"}, {0, U"\u00A0\u00A1"}}},
    {{{kAsciiLower}, {kWhite}, {0, kAHats}, {0, U" "}}},
    {{{kAsciiLower}, {0, kAHats}, {0, U" "}}},
    // A with circumflex before the character it encodes.
    {{{kAsciiLower | kEnd, U".,?!"}, {0, U"\u00C2"}, {kStart | kEnd, U" "}}},
    // Windows-1253 and Windows-1257.
    {{{0, U"\u03B2"}, {0, U"\u20AC"}, {0, U"\u2122\u00A0\u0386\u00AD\u00AE\u00B0"}}},
    {{{0, kGreek}, {kSlavicSecond, U"\u00B0"}, {0, kGreek}}},
    {{{0, U"\u0101"}, {0, U"\u20AC"}}},
};

using Kinds = std::array<std::uint32_t, std::tuple_size_v<Sequence>>;

bool fits(const Place& place, char32_t c, std::uint32_t found) {
  return (found & place.kinds) != 0 || place.listed.find(c) != std::u32string_view::npos;
}

// `found` are the kinds of the characters in front of `text`.
bool matches(std::u32string_view text, const Kinds& found, const Sequence& sequence) {
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    const Place& place = sequence[i];
    if (place.kinds == 0 && place.listed.empty()) return true;
    if (i >= text.size() || !fits(place, text[i], found[i])) return false;
  }
  return true;
}

// What sequences start with: most characters do not, and need no closer look.
struct Starts {
  Starts() {
    for (const Sequence& sequence : kSequences) {
      kinds |= sequence.front().kinds;
      listed += sequence.front().listed;
    }
  }
  std::uint32_t kinds = 0;
  std::u32string listed;
};

// Cyrillic read as Latin-1, then as Windows-1251: five fixed letters, any character, a Latin letter or a space.
bool is_twice_cyrillic(std::u32string_view text) {
  constexpr std::u32string_view kFixed = U"\u0413\u045E\u0412\u0402\u0412";
  return text.size() >= 7 && text.starts_with(kFixed) && text[5] != '\n' &&
         (text[6] == ' ' || (kinds(text[6]) & kAsciiLetter) != 0);
}

}  // namespace

bool is_bad(std::u32string_view text) {
  if (text.size() >= 2 && kAHats.find(text[0]) != std::u32string_view::npos && text[1] == ' ') return true;
  static const Starts starts;
  Kinds found{};
  for (std::size_t i = 0; i < std::min(found.size(), text.size()); ++i) found[i] = kinds(text[i]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::u32string_view rest = text.substr(i, 7);
    const bool starting = (found[0] & starts.kinds) != 0 || starts.listed.find(rest[0]) != std::u32string::npos;
    // No sequence has three ASCII characters in front.
    const bool ascii = rest.size() >= 3 && rest[0] < 0x80 && rest[1] < 0x80 && rest[2] < 0x80;
    if (starting && !ascii &&
        (is_twice_cyrillic(rest) ||
         std::any_of(std::begin(kSequences), std::end(kSequences),
                     [&](const Sequence& sequence) { return matches(rest, found, sequence); }))) {
      return true;
    }
    std::rotate(found.begin(), found.begin() + 1, found.end());
    found.back() = i + found.size() < text.size() ? kinds(text[i + found.size()]) : 0;
  }
  return false;
}

}  // namespace mi2::text
