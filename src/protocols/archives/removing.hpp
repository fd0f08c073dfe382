#pragma once
// What takes a study out of an archive.

#include <string>

#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"

namespace mi2::protocols::archives {

/// Of the rows that the caller may see. @throws Error{kBadArgument}, {kNotFound}.
RequestPlan remove_study(const Asked& asked, const HttpRequest& request, const std::string& uid);

}  // namespace mi2::protocols::archives
