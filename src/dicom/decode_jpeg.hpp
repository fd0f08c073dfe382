#pragma once
// JPEG and JPEG-LS frames.

#include <cstdint>
#include <string_view>
#include <vector>

#include "dicom/dataset.hpp"
#include "dicom/frame.hpp"

namespace mi2::dicom {

/// Decodes JPEG and JPEG-LS with DCMTK. Updates `layout` (depth, planes, colour model) to what came out.
/// @throws Error{kBadFile} if the stream is broken or disagrees with `layout`.
std::vector<std::uint8_t> decode_jpeg(const std::vector<std::uint8_t>& stream, const Object& object, Layout& layout,
                                      std::string_view name);

}  // namespace mi2::dicom
