#pragma once
// The readers behind decode(), one a format. Each takes a whole file that starts with its format's signature.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "image/image.hpp"

namespace mi2::image {

/// @throws Error{kBadFile} if a side is 0, {kTooLarge} over options.max_pixels.
void check_size(std::uint64_t width, std::uint64_t height, const DecodeOptions& options, std::string_view name);

/// 16-bit colour keeps the high bytes; 16-bit grey is scaled by options.intensity; grey + alpha of 16 bits is RGBA.
Picture decode_png(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

/// The first frame on its canvas.
Picture decode_webp(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

/// The first page, turned as its Orientation tag says (Pillow does so for TIFF and for no other format).
Picture decode_tiff(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

}  // namespace mi2::image
