#pragma once
// One association, from its first byte to its last.

#include <stop_token>

#include "dimse/listener.hpp"

namespace mi2::dimse {

/// Serves a connection that was accepted, and closes it. Once a stop is requested it ends as soon as nothing is on its
/// way.
/// @param full  it is refused: there are as many as are served at once.
AssociationRecord serve_association(int socket, const ListenerOptions& options, Spool& spool, bool full,
                                    const std::stop_token& stop);

/// Sets DCMTK up, before the first association. @returns false if its dictionary cannot be loaded.
bool prepare_network();

}  // namespace mi2::dimse
