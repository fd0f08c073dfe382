#pragma once
// Look-up tables: modality, VOI and palettes.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dicom/attributes.hpp"

namespace mi2::dicom {

/// A look-up table of PS3.3 C.11: `first` and everything below it maps to entry 0.
struct LookupTable {
  std::int32_t first = 0;
  unsigned bits = 16;  ///< of an entry, as the descriptor says, 1 to 16
  std::vector<std::uint16_t> entries;

  [[nodiscard]] std::uint16_t at(double value) const noexcept;
};

/// Reads a descriptor and its data: entries in words, or in bytes if there is one byte per entry.
/// @param first_is_signed  how the descriptor's second value is to be read.
/// @returns nullopt if either is absent, or the data is of another length.
std::optional<LookupTable> read_table(const Item& item, Tag descriptor, Tag data, bool first_is_signed);

/// The bits that the entries of tables which belong together really take. Descriptors are known to be wrong both ways:
/// entries of 8, 10, 12 or 14 bits under a descriptor of more, and 16-bit entries under one of fewer.
unsigned real_bits(std::span<const LookupTable> tables) noexcept;

}  // namespace mi2::dicom
