#pragma once
// The routes of archives, over the folders that `mi2 index` makes.

#include <filesystem>
#include <memory>
#include <span>

#include "protocols/archive_routes.hpp"

namespace mi2::protocols::archives {

/// @param rights   a file as Rights::parse() reads it; empty: whoever is let in may search.
/// @param keys     whether keys are asked for: rights of a key mean nothing without.
/// @param threads  of a search; 0: one per available core.
/// @throws Error{kNotFound}, {kBadFile}, {kUnsupported} of a folder that is no archive, or of the file of rights, which
///         names no key where none is asked for.
std::shared_ptr<ArchiveRoutes> open(std::span<const ArchiveSpec> archives, const std::filesystem::path& rights,
                                    bool keys, unsigned threads);

}  // namespace mi2::protocols::archives
