#pragma once
// Text inside HTML and SVG.

#include <string>
#include <string_view>

namespace mi2::adapter {

/// With what means something to a browser made harmless.
std::string escaped(std::string_view text);

/// At most 28 bytes of UTF-8, cut between characters, with ".." where something is missing.
std::string shortened(std::string_view text);

}  // namespace mi2::adapter
