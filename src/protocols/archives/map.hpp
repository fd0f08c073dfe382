#pragma once
// The kept map of an archive, as far as its caller may see it.

#include <string>

#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"

namespace mi2::protocols::archives {

/// Its points, as docs/archive-http.md has them; `by`, `colour` and `where` are in the query. 404 if no map is kept.
/// @throws Error{kBadArgument}.
RequestPlan map_points(const Asked& asked, const HttpRequest& request);

/// Those that are in one of 2^z x 2^z parts of the map. @throws Error{kBadArgument}.
RequestPlan map_tile(const Asked& asked, const HttpRequest& request, const std::string& z, const std::string& x,
                     const std::string& y);

/// What the points' facets mean; `by` and `colour` are in the query. 404 if no map is kept. @throws
/// Error{kBadArgument}.
RequestPlan map_legend(const Asked& asked, const HttpRequest& request);

}  // namespace mi2::protocols::archives
