#pragma once
// What a copy says of how it was made.

#include <string>
#include <vector>

#include "dicom/results/anonymise.hpp"
#include "dicom/results/basic_profile.hpp"
#include "dicom/results/mask.hpp"

namespace mi2::dicom::results {

/// Adds an attribute of Action::kMark (PS3.15 E.3 and CID 7050).
/// @param masked  what of each of its frames is black.
void put_own_mark(std::string& out, const ProfileEntry& entry, const AnonymiseOptions& options,
                  const std::vector<Box>& masked);

}  // namespace mi2::dicom::results
