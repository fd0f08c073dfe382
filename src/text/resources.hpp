#pragma once
// The data files of this folder, built into the program.

#include <string_view>

namespace mi2::text {

std::string_view builtin_merges() noexcept;         ///< vocabulary/merges.txt
std::string_view builtin_html_entities() noexcept;  ///< data/html_entities.txt
std::string_view builtin_char_classes() noexcept;   ///< data/char_classes.txt
std::string_view builtin_charmaps() noexcept;       ///< data/charmaps.txt

}  // namespace mi2::text
