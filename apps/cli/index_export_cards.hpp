#pragma once
// mi2 index export --what cards: the evidence cards of an archive, copied.

#include <string>

namespace mi2::cli {

/// Copies those cards of a folder that are of an archive, with their pages, and the chain if it is of no others.
/// @param to  a folder that is not there yet.
/// @throws Error{kBadFile} for cards that were changed or removed; {kNotFound} if none is of the archive; as
///         base::AtomicFolder.
int export_cards(const std::string& archive, const std::string& folder, const std::string& to);

}  // namespace mi2::cli
