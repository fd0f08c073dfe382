#pragma once
// Numbers as text, for JSON and CSV, and text as numbers.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mi2::base {

/// Appends the shortest decimal text that reads back to the same number.
/// @throws Error{kInternal} for infinities and NaN, which JSON cannot hold and no result should be.
void append_number(std::string& text, float value);
void append_number(std::string& text, double value);

/// Appends the numbers, separated.
void append_numbers(std::string& text, std::span<const float> values, char separator);

/// A whole finite number. Nothing else: no blanks, nothing after it.
std::optional<double> parse_finite(std::string_view text);

/// A whole number in decimal digits alone: no sign, no blanks, nothing after it.
std::optional<std::uint64_t> parse_whole(std::string_view text);

}  // namespace mi2::base
