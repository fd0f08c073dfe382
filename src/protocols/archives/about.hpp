#pragma once
// What an archive is and what it has, as far as its caller may see it.

#include <span>

#include "protocols/archives/asked.hpp"
#include "protocols/archives/push.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// What it is, how much it has, what the caller may do with it, and where results may be sent.
RequestPlan info(const Service& service, const Asked& asked, std::span<const Destination> destinations);

/// What `mi2 index stats` says; of rows that may be seen alone, only what can be counted of them.
RequestPlan stats(const Asked& asked);

/// GET /v1/archives/{archive}/refused: what was refused and why, by reason, and file by file for callers who may see
/// paths. Whose refused files are nobody knows, so only for callers who may see all rows. @throws Error{kBadArgument}.
RequestPlan refused(const Asked& asked, const HttpRequest& request);

/// How many of the images that a filter lets by have which values. @throws Error{kBadArgument}.
RequestPlan facets(const Asked& asked, const HttpRequest& request);

}  // namespace mi2::protocols::archives
