#pragma once
// Elements as explicit VR little endian has them. Source: PS3.5 7.1.2 and 7.5.

#include <cstdint>
#include <string>
#include <string_view>

#include "dicom/elements.hpp"

namespace mi2::dicom::results {

/// The length of a value that ends with a delimiter.
inline constexpr std::uint32_t kOpenLength = 0xFFFFFFFF;

/// What is before a value. @param length  of VRs with short lengths at most 65534.
void put_head(std::string& out, Tag tag, std::string_view vr, std::uint32_t length);
/// A whole element; a value of an odd length is padded as its VR wants it.
void put_element(std::string& out, Tag tag, std::string_view vr, std::string value);
/// An element of group FFFE: an item or a delimiter.
void put_mark(std::string& out, std::uint16_t element, std::uint32_t length);
void put_item(std::string& out, const std::string& content);

}  // namespace mi2::dicom::results
