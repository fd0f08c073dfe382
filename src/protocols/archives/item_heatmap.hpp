#pragma once
// Where in an item's image is what was searched for.

#include <string>
#include <string_view>

#include "protocols/archives/asked.hpp"
#include "protocols/json.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// GET or POST /v1/archives/{archive}/items/{item}/heatmap. The image is read again from its file: 404 where that is
/// not there or the caller may not see the item, 409 where it has changed or no model of the archive's weights is
/// served.
/// @param body  what read_search() takes of what is searched for, without its options.
/// @throws as read_search(); Error{kBadArgument} for one of its options.
RequestPlan item_heatmap(const Service& service, const Asked& asked, const std::string& number, Json body);

/// The body that stands for "query=TEXT" of a GET. @throws Error{kBadArgument}.
Json heatmap_body(std::string_view query);

}  // namespace mi2::protocols::archives
