#pragma once
// Pieces of JSON and CSV text.

#include <string>
#include <string_view>

#include "base/numbers.hpp"

namespace mi2::cli {

/// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// A CSV field, quoted as RFC 4180 asks when it must be; bytes that are not UTF-8 become U+FFFD.
std::string csv_field(std::string_view text);

}  // namespace mi2::cli
