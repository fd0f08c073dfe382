#pragma once
// Pieces of JSON text.

#include <span>
#include <string>
#include <string_view>

namespace mi2::base {

/// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// ["..", ".."]
std::string json_strings(std::span<const std::string> texts);

}  // namespace mi2::base
