#pragma once
// The archives of a server: the one place that knows whether the program was built with them.

#include <memory>

#include "server/options.hpp"

#include "protocols/archive_routes.hpp"

namespace mi2::server {

/// @returns null without Options::archives.
/// @throws Error{kNotFound}, {kBadFile} of a folder or the file of rights; {kUnsupported} in a program without
///         archives.
std::shared_ptr<protocols::ArchiveRoutes> open_archives(const Options& options);

}  // namespace mi2::server
