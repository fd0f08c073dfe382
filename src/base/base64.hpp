#pragma once
// Base64 (RFC 4648, section 4), as it comes in requests: on one line or many, bare or as a data URI.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mi2::base {

/// Without line breaks, padded.
std::string base64_encode(std::span<const std::byte> bytes);

/// The bytes of base64 text. Spaces and line breaks are passed over, and so is a `data:...;base64,` in front. All else
/// that is not base64 is refused, and so is text whose length or padding does not come out even.
/// @param name  what errors call it; they never hold the text.
/// @throws Error{kBadArgument}; {kTooLarge} over 1 GiB.
std::string base64_decode(std::string_view text, std::string_view name);

/// Whether text looks like a data URI of base64: "data:", anything but a comma, ";base64,".
bool is_data_uri(std::string_view text) noexcept;

}  // namespace mi2::base
