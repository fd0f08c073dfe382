#pragma once
// How errors show a word of a file.

#include <string>
#include <string_view>

namespace mi2::base {

/// In single quotes, what is not printable ASCII replaced, at most 120 bytes.
std::string in_quotes(std::string_view name);

}  // namespace mi2::base
