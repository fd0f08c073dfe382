#pragma once
// What the headers of series say of an examination, in words that can be compared.

#include <cstdint>
#include <string>
#include <string_view>

#include "archive/catalog.hpp"
#include "archive/column.hpp"

namespace mi2::archive {

/// The kind of MR sequence that a description of a series names: "T1", "T2", "FLAIR", "PD", "STIR", "DWI", "ADC",
/// "SWI", "T2*", "MRA", "perfusion" or "localizer"; empty if it names none.
std::string sequence_of(std::string_view description);

/// Of each row the value of a field of kTagFields. Two of them are made of what headers have: "contrast" is "yes" where
/// an agent is named, "no" where a CT or MR names none; "sequence" is sequence_of() the description of an MR series,
/// else of its protocol.
/// @param rows  that the archive has. @throws as Column.
Column tag_column(Catalog& catalog, std::string_view field, std::uint64_t rows);

}  // namespace mi2::archive
