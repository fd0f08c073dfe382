#pragma once
// Numbers as text, for JSON and CSV.

#include <span>
#include <string>

namespace mi2::base {

/// Appends the shortest decimal text that reads back to the same number.
/// @throws Error{kInternal} for infinities and NaN, which JSON cannot hold and no result should be.
void append_number(std::string& text, float value);
void append_number(std::string& text, double value);

/// Appends the numbers, separated.
void append_numbers(std::string& text, std::span<const float> values, char separator);

}  // namespace mi2::base
