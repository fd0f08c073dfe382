#pragma once
// Integer arithmetic on sizes that come from outside: overflow is an error of the input, never a wrapped number.

#include <cstdint>
#include <string_view>

namespace mi2::base {

/// @throws Error{kTooLarge} naming `what` if a * b does not fit.
std::uint64_t checked_mul(std::uint64_t a, std::uint64_t b, std::string_view what);

/// @throws Error{kTooLarge} naming `what` if a + b does not fit.
std::uint64_t checked_add(std::uint64_t a, std::uint64_t b, std::string_view what);

}  // namespace mi2::base
