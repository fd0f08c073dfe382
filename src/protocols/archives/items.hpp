#pragma once
// What is asked of one item of an archive.

#include <cstdint>
#include <string>

#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"

namespace mi2::protocols::archives {

/// The number of an item in a path. @throws Error{kBadArgument}.
std::uint64_t item_number(const std::string& text);

/// What is known of it. An item that the caller may not see is one that is not there: 404.
/// @throws Error{kBadArgument}.
RequestPlan item(const Asked& asked, const std::string& number);

/// Its thumbnail, as WebP. A client that has it already (If-None-Match) gets 304. 404 also for an item without one.
/// @throws Error{kBadArgument}.
RequestPlan thumb(const Asked& asked, const HttpRequest& request, const std::string& number);

}  // namespace mi2::protocols::archives
