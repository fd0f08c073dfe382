#pragma once
// Descriptions of which only words stay that say nothing about anybody.

#include <cstddef>
#include <string>
#include <string_view>

#include "dicom/results/secrets.hpp"

namespace mi2::dicom::results {

/// The words of a description that are in a list of ours (kinds of images, parts of the body, planes, sequences,
/// phases, positions) and are no word of a name in `secrets`, short ones too, as the list writes them, with a blank
/// between: "CT Thorax, Meier 3.4.1952" becomes "CT THORAX".
/// @param most  bytes of what is returned; what is over is left out word by word.
std::string cleaned_description(std::string_view text, const Secrets& secrets, std::size_t most);

}  // namespace mi2::dicom::results
