#pragma once
// The routes of archives, over the folders that `mi2 index` makes.

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "protocols/archive_routes.hpp"
#include "protocols/archives/push.hpp"
#include "protocols/archives/rights.hpp"

namespace mi2::protocols::archives {

/// @param rights   a file as Rights::parse() reads it; empty: whoever is let in may search.
/// @param admission  what is asked for: rights of keys, users or groups mean nothing without, and where nothing is, all
///                 may not be let to add, delete or push.
/// @param threads  of a search; 0: one per available core.
/// @param adding   of what clients add.
/// @param destinations  where those with the right to push may send results.
/// @param audit    the folder of the audit list; empty: none is kept.
/// @throws Error{kBadArgument} for unknown identifiers; {kNotFound}, {kBadFile}, {kUnsupported} of a folder that is no
///         archive, or of the file of rights, which names nobody who is not asked for, and lets not everybody add,
///         delete or push where nobody is.
std::shared_ptr<ArchiveRoutes> open(std::span<const ArchiveSpec> archives, const std::filesystem::path& rights,
                                    const Admission& admission, unsigned threads, const ArchiveAdding& adding,
                                    std::vector<Destination> destinations, std::filesystem::path audit);

}  // namespace mi2::protocols::archives
