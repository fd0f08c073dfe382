#pragma once
// JSON from outside, read by one set of rules: bounded, and nothing in it passes without a word.

#include <cstddef>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include <mi2/error.hpp>

namespace mi2::base {

struct JsonRules {
  std::string_view name = "body";   ///< what errors call the text
  Code fault = Code::kBadArgument;  ///< of text that is refused
  /// Members, elements and values in all, so that brackets cannot take more memory than they are worth. More:
  /// Error{kTooLarge}.
  std::size_t max_values = 1U << 21;
  int max_depth = 16;
};

/// The value of a whole text.
/// @throws Error{rules.fault} for what is not JSON in UTF-8 to its last byte, is nested too deeply, holds a number out
/// of
///         range or a key twice in one object; {kTooLarge}. Messages name positions, never what the text holds.
nlohmann::json parse_json(std::string_view text, const JsonRules& rules);

/// The same with the members of objects in the text's order. Such an object looks for a key from its first member on,
/// so there may be 4,096 values at most, whatever the rules say.
nlohmann::ordered_json parse_ordered_json(std::string_view text, const JsonRules& rules);

/// nlohmann's lexer takes a NUL for the end of its text. Before it reads any other way than parse_json():
/// @throws Error{rules.fault} naming the byte of a NUL.
void refuse_nul(std::string_view text, const JsonRules& rules);

}  // namespace mi2::base
