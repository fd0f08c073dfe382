#pragma once
// GET /v1/archives/{archive}/audit: who did what with an archive, for those who administer it.

#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"

namespace mi2::protocols::archives {

/// A page of the list, the newest first, as JSON or CSV.
/// @throws Error{kNotFound} if no list is kept; {kBadArgument}.
RequestPlan audit_list(const Asked& asked, const HttpRequest& request);

}  // namespace mi2::protocols::archives
