#pragma once
// What a JPEG 2000 codestream will cost, from its headers alone. No OpenJPEG here.

#include <cstdint>
#include <span>
#include <string_view>

namespace mi2::image {

/// The SIZ marker and what of the coding parameters a reader wants to know.
struct Jpeg2000Header {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  unsigned components = 0;
  unsigned precision = 0;  ///< bits a sample, of all components
  bool is_signed = false;
  bool colour_transform = false;  ///< the decoder turns YCbCr into RGB
};

/// The codestream inside a .jp2 file, or the bytes themselves if they are one.
std::span<const std::uint8_t> find_codestream(std::span<const std::uint8_t> bytes) noexcept;

/// Reads the main header, and walks those of the tile parts, since each may change what decoding costs. OpenJPEG
/// allocates by these numbers alone: tiles, precincts, code blocks and layers are bounded by pixels and bytes.
/// @param codestream  as find_codestream() gives it.
/// @throws Error{kBadFile} no such headers; {kUnsupported} subsampled components, or such of different depths;
///         {kTooLarge} more pixels, or more of what is counted than an encoder would write.
Jpeg2000Header read_jpeg2000_header(std::span<const std::uint8_t> codestream, std::uint64_t max_pixels,
                                    std::string_view name);

}  // namespace mi2::image
