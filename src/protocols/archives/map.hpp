#pragma once
// The kept map of an archive, as far as its caller may see it.

#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"

namespace mi2::protocols::archives {

/// Its points, as docs/archive-http.md has them; `by`, `colour` and `where` are in the query. 404 if no map is kept.
/// @throws Error{kBadArgument}.
RequestPlan map_points(const Asked& asked, const HttpRequest& request);

/// What the points' facets mean; `by` and `colour` are in the query. 404 if no map is kept. @throws
/// Error{kBadArgument}.
RequestPlan map_legend(const Asked& asked, const HttpRequest& request);

}  // namespace mi2::protocols::archives
