#pragma once
// From a PACS into an archive, by C-FIND and C-MOVE.

#include <cstddef>
#include <cstdint>
#include <string>

#include <mi2/embedder.hpp>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "dicomweb/pull.hpp"
#include "dimse/pull/source.hpp"

namespace mi2::dimse {

struct PullOptions {
  PeerSource source;
  std::string title = "MI2";     ///< ours, which the peer knows with this machine's address and `port`
  std::string address;           ///< that is listened on; empty: this machine's own for a peer on it, else all
  std::uint16_t port = 11112;    ///< that is listened on
  std::size_t associations = 8;  ///< that the peer may send over at once
  std::uint64_t max_spool = std::uint64_t{16} << 30U;  ///< bytes of what was moved and is not added yet
};

/// Adds what a peer has and the archive has not, study by study. What is committed stays, however it ends; the same
/// call goes on.
/// @throws Error, whose message names the source, if the peer cannot be asked, or does not know our title as the
///         destination of a move; as Listener and archive::add(); what on_progress throws.
archive::Added pull(archive::Writer& archive, const Embedder& embedder, const PullOptions& options,
                    const archive::AddOptions& adding);

/// What pull() would ask for: studies. @param catalog  null: of an archive that is not there yet.
dicomweb::Preview preview(archive::Catalog* catalog, const PullOptions& options, const archive::AddOptions& adding);

}  // namespace mi2::dimse
