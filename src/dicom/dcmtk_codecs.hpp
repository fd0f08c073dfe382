#pragma once
// DCMTK's codecs, and what they complain about.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dicom/codestream.hpp"
#include "dicom/layout.hpp"

namespace mi2::dicom {

/// Registers the codecs, and takes DCMTK's log, which may speak of patients: it goes nowhere. Once, whoever calls
/// first.
void prepare_dcmtk();

/// What became of a stream.
struct Decoded {
  std::vector<std::uint8_t> bytes;      ///< samples by pixel, little endian, 1 or 2 bytes each; empty if `error` is not
  std::string photometric;              ///< what three components are
  std::string error;                    ///< the codec's
  std::vector<std::string> complaints;  ///< the first few of this call
};

/// Decodes one frame of layout.rows x layout.columns x layout.samples with `layout.allocated` bits each. Three
/// components of JPEG are converted to RGB if `ycbcr`. Safe to call from several threads.
Decoded decode_with_dcmtk(std::span<const std::uint8_t> stream, const JpegHeader& header, const Layout& layout,
                          bool ycbcr);

}  // namespace mi2::dicom
