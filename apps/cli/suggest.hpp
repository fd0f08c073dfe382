#pragma once
// What a mistyped word was probably meant to be.

#include <span>
#include <string>
#include <string_view>

namespace mi2::cli {

/// "a", "a or b", "a, b or c"
std::string listed(std::span<const std::string> words);

/// "; did you mean WORD?", or nothing: base::nearest().
std::string hint(std::string_view typed, std::span<const std::string> known);

}  // namespace mi2::cli
