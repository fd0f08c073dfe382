#pragma once
// BMP. Debian has no library that is made for it.

#include <cstddef>
#include <span>
#include <string_view>

#include "image/image.hpp"

namespace mi2::image {

/// A whole file that starts with the signature: 1, 4, 8, 16, 24 and 32 bits, bit fields, RLE of 4 and 8 bits; headers
/// of Windows from 2 to 5 and of OS/2. 4 bytes per pixel at most.
/// @throws as Source::read().
Image decode_bmp(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

}  // namespace mi2::image
