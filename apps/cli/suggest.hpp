#pragma once
// What a mistyped word was probably meant to be.

#include <span>
#include <string>
#include <string_view>

namespace mi2::cli {

/// "a", "a or b", "a, b or c"
std::string listed(std::span<const std::string> words);

/// The one of `known` that was probably meant: a few letters away, or the start of what was typed, or the other way
/// round. Empty: none is near.
std::string nearest(std::string_view typed, std::span<const std::string> known);

/// "; did you mean WORD?", or nothing.
std::string hint(std::string_view typed, std::span<const std::string> known);

}  // namespace mi2::cli
