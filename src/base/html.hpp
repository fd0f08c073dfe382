#pragma once
// Text inside HTML and SVG.

#include <string>
#include <string_view>

namespace mi2::base {

/// With the characters that mean something to a browser escaped, in elements and in double-quoted attributes. Control
/// characters but for tabs and line ends become blanks: XML holds none.
std::string escape_html(std::string_view text);

}  // namespace mi2::base
