#pragma once
// What the readers of the formats (png.hpp, jpeg.hpp, webp.hpp, tiff.hpp) share.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "image/image.hpp"

namespace mi2::image {

/// @throws Error{kBadFile} if a side is 0, {kTooLarge} over options.max_pixels; what options.claim throws.
void check_size(std::uint64_t width, std::uint64_t height, const DecodeOptions& options, std::string_view name);
/// The same of a part of an image, which claims nothing of its own.
void check_part_size(std::uint64_t width, std::uint64_t height, const DecodeOptions& options, std::string_view name);

/// Refuses a header that promises more than any encoder could have packed into the file, before memory is taken for it.
/// @param bytes  of the file; @param most  units (pixels, or bytes once unpacked) that a byte of it can stand for.
/// @throws Error{kBadFile} if `units` is larger.
void check_plausible(std::uint64_t units, std::size_t bytes, std::uint64_t most, std::string_view name);

/// A library's message, fit for ours: printable ASCII, at most 100 characters, without numbers of more than 6 digits.
std::string library_text(std::string_view text);

}  // namespace mi2::image
