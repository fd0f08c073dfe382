#pragma once
// A DICOM object, opened.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "dicom/attributes.hpp"
#include "dicom/elements.hpp"
#include "dicom/transfer_syntax.hpp"

namespace mi2::dicom {

/// The dataset of a file and how it was written. `data` views the file, or `inflated`.
struct Object {
  TransferSyntax syntax;
  std::vector<std::byte> inflated;  ///< of a deflated object, up to the end of its pixels
  Item data;
  image::Warnings warnings;
};

/// @param file  outlives the object.
/// @param max_pixels  of all frames together, in a deflated object.
/// @param find        of the attributes that are kept.
/// @param claim       as Options::claim, of all frames of a deflated object before they are inflated.
/// @throws Error{kBadFile} not DICOM or broken, {kUnsupported} the transfer syntax, {kTooLarge}.
Object load_object(Bytes file, std::uint64_t max_pixels, std::string_view name, FindAttribute find = find_attribute,
                   const std::function<void(std::uint64_t pixels)>& claim = {});

/// As load_object(), as far as the pixels: of a deflated object little more is inflated, whatever it says it holds.
/// @param find  of the attributes that are kept, rows and pixels among them.
Object load_header(Bytes file, std::string_view name, FindAttribute find = find_attribute);

}  // namespace mi2::dicom
