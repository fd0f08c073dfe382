#pragma once
// Datasets under a deflated transfer syntax.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "dicom/elements.hpp"

namespace mi2::dicom {

/// Inflates the attributes before the pixels, at most 64 MB, with what comes of the pixels on the way.
/// @throws Error{kBadFile} the stream is broken or ends early, {kTooLarge} more attributes.
std::vector<std::byte> inflate_header(Bytes deflated, Encoding encoding, std::string_view name);

/// Inflates a dataset to the end of its pixels, and no further: attributes of at most 64 MB, then the pixels that they
/// say there are.
/// @param max_pixels  of all frames together.
/// @param claim       called with those of all frames, before they are inflated; may be empty, and may throw.
/// @throws Error{kBadFile} the stream is broken or ends early, {kTooLarge} more attributes or pixels.
std::vector<std::byte> inflate_dataset(Bytes deflated, Encoding encoding, std::uint64_t max_pixels,
                                       const std::function<void(std::uint64_t pixels)>& claim, std::string_view name);

}  // namespace mi2::dicom
