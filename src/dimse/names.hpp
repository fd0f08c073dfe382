#pragma once
// Titles of application entities, as the names of files have them.

#include <string>
#include <string_view>

namespace mi2::dimse {

/// A title for the name of a file and for a locator: letters, digits and '-' stay, all else becomes %XX.
std::string encoded(std::string_view title);

}  // namespace mi2::dimse
