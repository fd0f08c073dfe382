#pragma once
// From an evidence card to DICOM objects, each of which joins a study that the card has results in.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "archive/cards/card.hpp"
#include "archive/push/uses.hpp"
#include "archive/reader.hpp"

namespace mi2::archive::push {

enum class As : std::uint8_t { kSr, kSc, kBoth };
/// @throws Error{kBadArgument} for anything but "sr", "sc" and "both".
As parse_as(std::string_view name);

/// Makes the objects of a card, study by study in the order of ranks, one at a time. An object holds results of its own
/// study only, and no path, no identifier of another study and no thumbnail of one. Who its patient is comes from a
/// file of the study: that of a result, in the place where the archive has it; a study without one that is there, and
/// is still the same object, is left out, and so is one whose identifier two patients share.
/// @returns how many results are of no study.
/// @throws Error{kBadArgument} for a card of another archive; {kBadFile} for one whose time or version is none.
std::size_t make_objects(Reader& archive, const cards::Card& card, As as, const Uses& uses);

}  // namespace mi2::archive::push
