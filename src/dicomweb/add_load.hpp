#pragma once
// What came of a server into an archive, with what could not be got.

#include <string>
#include <vector>

#include <mi2/embedder.hpp>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "embedder/inputs.hpp"

namespace mi2::dicomweb {

/// Parts of one or several Loads; all outlive it.
struct Fetched {
  const embedder::ExpandedPaths& paths;
  const std::vector<std::string>& visited;
  const std::string& cursor;
};

/// Adds what came, records what did not, and forgets what was refused before, was tried again, and is not refused any
/// more. The source's cursor is set once all of that is in the archive.
/// @throws as archive::add().
archive::Added add_load(archive::Writer& archive, const Embedder& embedder, const Fetched& fetched,
                        const archive::Source& source, const archive::AddOptions& options);

}  // namespace mi2::dicomweb
