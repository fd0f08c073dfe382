#pragma once
// GIF, by giflib.

#include <cstddef>
#include <span>
#include <string_view>

#include "image/image.hpp"

namespace mi2::image {

/// A whole file that starts with the signature. The first frame on its canvas, as Pillow places it. 1 byte per pixel.
/// @throws as Source::read().
Image decode_gif(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

}  // namespace mi2::image
