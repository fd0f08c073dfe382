#pragma once
// What a compressed frame says of itself, and the codecs that undo it.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dicom/dataset.hpp"
#include "dicom/frame.hpp"

namespace mi2::dicom {

/// The bytes of frame `index` of an encapsulated object: its fragments joined.
/// One fragment a frame, or one frame in all, or by the basic offset table, or (JPEG) by end-of-image markers.
/// @throws Error{kBadFile} if the fragments cannot be told apart.
std::vector<std::uint8_t> frame_codestream(const Object& object, std::uint64_t frames, std::uint64_t index,
                                           std::string_view name);

struct JpegHeader {
  unsigned width = 0;
  unsigned height = 0;
  unsigned components = 0;
  unsigned precision = 0;  ///< bits a sample
};

/// The start-of-frame segment of a JPEG or JPEG-LS stream; nullopt if there is none.
std::optional<JpegHeader> read_jpeg_header(const std::vector<std::uint8_t>& stream);

/// Decodes JPEG and JPEG-LS with DCMTK. Updates `layout` (depth, planes, colour model) to what came out.
/// @throws Error{kBadFile} if the stream is broken or disagrees with `layout`.
std::vector<std::uint8_t> decode_jpeg(const std::vector<std::uint8_t>& stream, const Object& object, Layout& layout,
                                      std::string_view name);

/// Decodes DICOM RLE (PS3.5 annex G). @returns samples by pixel, little endian; 1-bit samples still packed.
/// @throws Error{kBadFile} if the segments are not those of `layout` or too short.
std::vector<std::uint8_t> decode_rle(const std::vector<std::uint8_t>& stream, const Layout& layout,
                                     std::string_view name);

}  // namespace mi2::dicom
