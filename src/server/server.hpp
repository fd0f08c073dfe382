#pragma once
// The server: sockets, queue and metrics around the contracts of src/protocols.

#include "server/options.hpp"

namespace mi2::server {

/// Serves until SIGTERM or SIGINT. Prints "listening on http://HOST:PORT" on standard output once connections are
/// taken (models may still be loading: GET /health/ready reports it) and writes its log to standard error.
/// Returns when every request is finished; ends the process with Options::cut_status if the drain's time or a second
/// signal cuts some.
/// @throws Error{kBadArgument}, {kBadFile}, {kNotFound}: an address, a file or a model that cannot be used.
void serve(const Options& options);

}  // namespace mi2::server
