#pragma once
// UIDs that are the same for the same thing, so that what is made again is the same object.

#include <string>
#include <string_view>

namespace mi2::dicom::results {

/// "2.25." and the number of a UUID of version 8 (RFC 9562) that is made of the SHA-256 of `name`: at most 44
/// characters.      Source: PS3.5 B.2.
std::string uid_of(std::string_view name);

}  // namespace mi2::dicom::results
