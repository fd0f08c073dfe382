#pragma once
// WebP, by libwebp.

#include <cstddef>
#include <span>
#include <string_view>

#include "image/image.hpp"

namespace mi2::image {

/// A whole file that starts with the signature. The first frame on its canvas. @throws as Source::read().
Image decode_webp(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

}  // namespace mi2::image
