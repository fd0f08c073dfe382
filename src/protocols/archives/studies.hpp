#pragma once
// What is asked of one study of an archive: what it holds, and how its slices compare.

#include <string>

#include "protocols/archives/asked.hpp"
#include "protocols/json.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// Its series and their images in order. A study of which the caller may see nothing is one that is not there: 404.
RequestPlan study(const Service& service, const Asked& asked, const std::string& uid);

/// The cosine of each of its images with what is searched for. @throws as read_search().
RequestPlan similarity(const Service& service, const Asked& asked, const std::string& uid, Json body);

/// Of each of its images the nearest one of another study. @throws Error{kBadArgument}.
RequestPlan matches(const Asked& asked, const HttpRequest& request, const std::string& uid);

}  // namespace mi2::protocols::archives
