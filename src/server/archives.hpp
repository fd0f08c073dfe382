#pragma once
// The archives of a server: the one place that knows whether the program was built with them.

#include <memory>
#include <string>
#include <string_view>

#include "server/options.hpp"

#include "protocols/archive_routes.hpp"

namespace mi2::server {

/// @returns null without Options::archives.
/// @throws Error{kNotFound}, {kBadFile} of a folder or the file of rights; {kUnsupported} in a program without
///         archives.
std::shared_ptr<protocols::ArchiveRoutes> open_archives(const Options& options);

/// The media types of which a DICOMweb server is asked for an object.
std::string_view accepted_objects();
/// Leaves of its answer the object, in place. @throws Error{kBadFile}.
void keep_object(std::string_view content_type, std::string& body);

}  // namespace mi2::server
