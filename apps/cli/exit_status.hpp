#pragma once
// The exit statuses of the program.

#include <mi2/error.hpp>

namespace mi2::cli {

/// Some inputs failed while others succeeded; every good one was still written.
inline constexpr int kExitPartial = 8;

/// What was compared is not the same.
inline constexpr int kExitDiffers = 9;

/// What the program ends with for an error of this code; never 0, kExitPartial or kExitDiffers.
int exit_status_of(Code code) noexcept;

}  // namespace mi2::cli
