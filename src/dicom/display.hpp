#pragma once
// Stored samples to what a screen shows. The rule, step by step: docs/dicom.md.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dicom/dataset.hpp"
#include "dicom/dicom.hpp"
#include "dicom/frame.hpp"

namespace mi2::dicom {

/// A look-up table of PS3.3 C.11: `first` and everything below it maps to entry 0.
struct LookupTable {
  std::int32_t first = 0;
  unsigned bits = 16;  ///< of an entry
  std::vector<std::uint16_t> entries;

  [[nodiscard]] std::uint16_t at(double value) const noexcept;
};

/// Reads a descriptor and its data, 8-bit entries packed in words or not. nullopt if either is absent or too short.
/// @param first_is_signed  how the descriptor's second value is to be read.
std::optional<LookupTable> read_table(DcmItem& item, const DcmTagKey& descriptor, const DcmTagKey& data,
                                      bool first_is_signed);

/// Modality LUT, VOI, MONOCHROME1 inversion. @returns rows x columns.
std::vector<std::uint8_t> render_grey(Object& object, const Frame& frame, const Options& options);

/// RGB, YBR_FULL, YBR_FULL_422 and PALETTE COLOR. @returns rows x columns x 3.
/// @throws Error{kUnsupported} naming another photometric interpretation, {kBadFile} a palette that is missing.
std::vector<std::uint8_t> render_colour(Object& object, const Frame& frame, std::string_view name);

}  // namespace mi2::dicom
