#pragma once
// What a mistyped word was probably meant to be.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mi2::base {

/// Levenshtein distance, for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The one of `known` that was probably meant: a few letters away, or the start of what was typed, or the other way
/// round. Case and dashes in front do not count. Empty: none is near.
std::string nearest(std::string_view typed, std::span<const std::string> known);

}  // namespace mi2::base
