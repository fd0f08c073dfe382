#pragma once
// Pieces of JSON and CSV text.

#include <span>
#include <string>
#include <string_view>

namespace mi2::cli {

/// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// A CSV field, quoted as RFC 4180 asks when it must be; bytes that are not UTF-8 become U+FFFD.
std::string csv_field(std::string_view text);

/// Appends the shortest decimal text that reads back to the same number.
/// @throws Error{kInternal} for infinities and NaN, which JSON cannot hold and no result should be.
void append_number(std::string& text, float value);
void append_number(std::string& text, double value);

/// Appends the numbers, separated.
void append_numbers(std::string& text, std::span<const float> values, char separator);

}  // namespace mi2::cli
