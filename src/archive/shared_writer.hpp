#pragma once
// What a writer does to a shared archive: each of its transactions becomes one of the database.

#include <filesystem>
#include <memory>

#include "archive/catalog.hpp"
#include "archive/segments.hpp"
#include "archive/thumbs.hpp"

namespace mi2::archive {

/// The upstream of a replica's catalog. Writers take turns at the row of the database's table 'archive', from begin()
/// to end(): what is done between is done to the newest state, and rows are numbered the same everywhere. Nothing is
/// embedded meanwhile.
/// @param catalog, segments, thumbs  of the replica that is written to; they outlive it.
/// @throws as place_of(). What it does throws Error{kOverloaded} if the database cannot be reached or the connection is
///         lost: then nothing of the transaction is in the replica, and the next one brings what is in the database.
std::unique_ptr<Upstream> shared_writer(const std::filesystem::path& folder, Catalog& catalog, SegmentWriter& segments,
                                        ThumbWriter& thumbs);

}  // namespace mi2::archive
