#pragma once
// Pictures of the files that an archive's images were added from.

#include <string>

#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// An image as PNG, through a window, as long as its file is there and has what was added; otherwise 409 or 410 with
/// the reason. An image that the caller may not see is one that is not there: 404.
/// @throws Error{kBadArgument}; {kUnsupported} if the archive's images were prepared in an unknown way.
RequestPlan pixels(const Service& service, const Asked& asked, const HttpRequest& request, const std::string& number);

}  // namespace mi2::protocols::archives
