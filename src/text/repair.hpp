#pragma once
// Repairs of damaged text, as ftfy 6.3.1's fix_text makes them with its default settings, because the reference does
// them before it tokenizes.

#include <cstdint>
#include <string>
#include <string_view>

namespace mi2::text {

/// Counts the characters the repairs pass over, so that text made to need endless passes is refused.
class RepairBudget {
 public:
  explicit RepairBudget(std::uint64_t characters) : left_(characters) {}
  /// @throws Error{kTooLarge} when the budget is used up.
  void spend(std::uint64_t characters);

 private:
  std::uint64_t left_;
};

/// All repairs, line by line.
/// @throws Error{kTooLarge} if the text needs far more passes than any real one.
std::u32string fix_text(std::u32string_view text);

// The single repairs, for tests and for fix_text.
std::u32string unescape_html(std::u32string_view text);
std::u32string fix_encoding(std::u32string text, RepairBudget& budget);
std::u32string fix_c1_controls(std::u32string_view text);
std::u32string fix_latin_ligatures(std::u32string_view text);
std::u32string fix_character_width(std::u32string_view text);
std::u32string uncurl_quotes(std::u32string_view text);
std::u32string fix_line_breaks(std::u32string_view text);
std::u32string remove_terminal_escapes(std::u32string_view text);
std::u32string remove_control_chars(std::u32string_view text);

}  // namespace mi2::text
