#pragma once
// The checks behind parse_window() and parse_intensity(), for values that were not parsed.

#include <mi2/image.hpp>

namespace mi2::image {

/// @throws Error{kBadArgument} as parse_window().
void check(const Window& window);
/// @throws Error{kBadArgument} as parse_intensity().
void check(const Intensity& intensity);

}  // namespace mi2::image
