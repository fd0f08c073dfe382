#pragma once
// Tables of the text repairs, read once from data/: kinds of characters, HTML entities, one-byte encodings.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mi2::text {

// Kinds of characters, as bits; the order is that of CLASSES in data/make_tables.py.
enum CharClass : std::uint32_t {
  kBad = 1U << 0,  ///< hardly seen outside of mojibake
  kLaw = 1U << 1,
  kCurrency = 1U << 2,
  kStart = 1U << 3,  ///< opening punctuation
  kEnd = 1U << 4,    ///< closing punctuation
  kNumeric = 1U << 5,
  kKaomoji = 1U << 6,
  kUpperAccented = 1U << 7,
  kLowerAccented = 1U << 8,
  kUpperCommon = 1U << 9,
  kLowerCommon = 1U << 10,
  kBox = 1U << 11,
  kCommon = 1U << 12,
  kC1 = 1U << 13,
  kFirstOf2 = 1U << 14,  ///< what a one-byte encoding makes of the lead byte of a two-byte UTF-8 sequence
  kFirstOf3 = 1U << 15,
  kFirstOf4 = 1U << 16,
  kContinuation = 1U << 17,
  kContinuationStrict = 1U << 18,
};

/// A one-byte encoding whose lower half is ASCII.
struct Charmap {
  std::string name;
  bool sloppy = false;  ///< U+FFFD is byte 1A, and U+001A cannot be encoded
  std::unordered_map<char32_t, std::uint8_t> upper;

  /// @returns whether all of `text` can be encoded; `out` then holds the bytes.
  bool encode(std::u32string_view text, std::string& out) const;
};

class CharTables {
 public:
  static const CharTables& instance();

  [[nodiscard]] std::uint32_t classes(char32_t c) const noexcept { return c < masks_.size() ? masks_[c] : 0; }
  /// In the order in which they are to be tried; the first is Latin-1.
  [[nodiscard]] const std::vector<Charmap>& charmaps() const noexcept { return charmaps_; }
  /// What byte b >= 0x80 means to Windows-1252; itself if nothing.
  [[nodiscard]] char32_t windows_1252(std::uint8_t b) const noexcept { return windows_1252_.at(b - 128U); }
  /// @param name  between '&' and ';'. @returns nullptr if there is no such entity.
  [[nodiscard]] const std::u32string* entity(const std::string& name) const;

 private:
  CharTables();
  std::array<std::uint32_t, 0x10000> masks_{};
  std::vector<Charmap> charmaps_;
  std::array<char32_t, 128> windows_1252_{};
  std::unordered_map<std::string, std::u32string> entities_;
};

}  // namespace mi2::text
