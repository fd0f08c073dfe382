#pragma once
// The server: sockets, queue and metrics around the contracts of src/protocols.

#include "server/options.hpp"

namespace mi2::server {

/// Serves until SIGTERM or SIGINT. Prints "listening on http://HOST:PORT" on standard output once connections are
/// taken (models may still be loading: GET /health/ready tells) and writes its log to standard error.
/// @returns 0 when every request was finished; kExitPartial when the drain's time or a second signal cut some.
/// @throws Error{kBadArgument}, {kBadFile}, {kNotFound}: an address, a file or a model that cannot be used.
int serve(const Options& options);

}  // namespace mi2::server
