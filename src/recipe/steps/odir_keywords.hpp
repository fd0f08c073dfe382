#pragma once
// What ODIR-5K says of an eye.

#include <string>
#include <string_view>
#include <vector>

namespace mi2::recipe {

/// The keywords of a cell, each once and in small letters: divided by a full-width comma (U+FF0C) or a plain one,
/// without blanks around.
std::vector<std::string> odir_keywords_of(std::string_view cell);

/// Whether a keyword is about the photograph and not about the eye.
bool is_about_quality(std::string_view keyword);

/// With the runs of blanks inside as one: published texts have two in one place, and tables differ.
std::string with_single_blanks(std::string_view text);

}  // namespace mi2::recipe
