#pragma once
// Titles of application entities and identifiers of objects, as they come over a network.

#include <cstddef>
#include <string>
#include <string_view>

namespace mi2::dicom {

/// An application entity's title (PS3.5, AE) without the blanks around it, which mean nothing.
/// @param what  that has the title: an option.
/// @throws Error{kBadArgument} unless it is 1 to 16 printable ASCII characters without a backslash.
std::string checked_title(std::string_view title, std::string_view what);

/// The most characters of an identifier, by the standard.
inline constexpr std::size_t kLongestUid = 64;

/// Whether it is numbers with dots between them: no part of a path by accident.
bool is_uid(std::string_view text, std::size_t longest = kLongestUid) noexcept;

}  // namespace mi2::dicom
