#pragma once
// What a JPEG or JPEG-LS stream says of itself.

#include <cstdint>
#include <optional>
#include <vector>

namespace mi2::dicom {

struct JpegHeader {
  unsigned width = 0;
  unsigned height = 0;
  unsigned components = 0;
  unsigned precision = 0;  ///< bits a sample
};

/// The start-of-frame segment of a JPEG or JPEG-LS stream; nullopt if there is none.
std::optional<JpegHeader> read_jpeg_header(const std::vector<std::uint8_t>& stream);

}  // namespace mi2::dicom
