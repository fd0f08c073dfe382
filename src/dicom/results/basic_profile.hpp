#pragma once
// What becomes of each attribute in a copy that names nobody. What is not in the table is left out, at every level.

#include <cstdint>
#include <span>
#include <string_view>

#include "dicom/elements.hpp"

namespace mi2::dicom::results {

enum class Action : std::uint8_t {
  kKeep,       ///< technical: kept as far as it is of its VR
  kEmpty,      ///< there, without a value
  kHidden,     ///< the same; its words must be nowhere in what is kept
  kUid,        ///< a UID of the standard stays, any other becomes one that the key gives
  kDate,       ///< of kEmpty or not there; shifted if dates are
  kTime,       ///< the same, and kept if dates are shifted
  kPseudonym,  ///< of the patient; the words of what was there must be nowhere in what is kept
  kMark,       ///< what the copy says of itself; written whether it was there or not
  kSecret,     ///< left out; its words, and those inside of it, must be nowhere in what is kept
  kDescriptor  ///< left out, or cleaned if descriptors are
};

struct ProfileEntry {
  Tag tag = 0;
  std::string_view vr;
  Action action = Action::kKeep;
  bool always = false;  ///< in a dataset, if not in items: there without a value where it has none (type 2)
};

/// Ascending. PS3.15 table E.1-1 (Basic Application Level Confidentiality Profile), as a list of what may stay.
std::span<const ProfileEntry> basic_profile() noexcept;
/// nullptr: it is left out.
const ProfileEntry* find_in_profile(Tag tag) noexcept;

}  // namespace mi2::dicom::results
