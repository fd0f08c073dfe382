#pragma once
// JPEG and JPEG-LS frames.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dicom/codestream.hpp"
#include "dicom/layout.hpp"

namespace mi2::dicom {

/// Decodes JPEG and JPEG-LS with DCMTK, as the stream says it is coded. Updates `layout` (depth, planes, colour model)
/// to what came out. What the codec complains about is added to `warnings`.
/// @throws Error{kBadFile} if the stream is broken, ends early or disagrees with `layout`; {kUnsupported} its depth or
///         process; {kTooLarge} for more scans than any encoder writes.
std::vector<std::uint8_t> decode_jpeg(std::span<const std::uint8_t> stream, Coding coding, Layout& layout,
                                      std::string_view name, image::Warnings& warnings);

}  // namespace mi2::dicom
