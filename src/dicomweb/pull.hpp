#pragma once
// From a server into an archive: objects are fetched while those before them are embedded.

#include <cstddef>
#include <cstdint>
#include <stop_token>

#include <mi2/embedder.hpp>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "dicomweb/client.hpp"
#include "dicomweb/source.hpp"

namespace mi2::dicomweb {

struct PullOptions {
  ServerSource source;
  ClientOptions client;
  unsigned connections = 2;
  double rate = 0;                                     ///< requests per second over all connections; 0: no limit
  std::uint64_t max_spool = std::uint64_t{16} << 30U;  ///< bytes of a study that are fetched before it is added
  std::stop_token stop;                                ///< ends waiting for the server; on_progress is to throw then
};

/// Adds what a server has and the archive has not. What is committed stays, however it ends; the same call goes on.
/// @throws Error{kUnsupported} for a choice of slices with an Orthanc, whose instances come one by one; Error, of which
///         the message names the source, if the server cannot be asked; as archive::add().
archive::Added pull(archive::Writer& archive, const Embedder& embedder, const PullOptions& options,
                    const archive::AddOptions& adding);

struct Preview {
  std::size_t listed = 0;  ///< studies or instances that were looked at
  std::size_t fresh = 0;   ///< of which some or all are not in the archive
};
/// What pull() would ask for. @param catalog  null: of an archive that is not there yet.
Preview preview(archive::Catalog* catalog, const PullOptions& options, const archive::AddOptions& adding);

}  // namespace mi2::dicomweb
