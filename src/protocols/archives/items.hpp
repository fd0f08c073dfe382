#pragma once
// What is asked of one item of an archive.

#include <cstdint>
#include <string>
#include <string_view>

#include "archive/catalog.hpp"
#include "archive/reader.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/request_plan.hpp"

namespace mi2::protocols::archives {

/// The number of an item in a path. @throws Error{kBadArgument}.
std::uint64_t item_number(const std::string& text);

/// What an item is of. @throws Error{kNotFound} if there is none that the caller may see.
archive::ItemFacts visible_item(archive::Reader& reader, const Right& right, std::uint64_t row);

/// Whether one of the tags of an If-None-Match is this one, weak or not. Source: RFC 9110, 13.1.2.
bool has_tag(std::string_view header, std::string_view tag);

/// What is known of it. An item that the caller may not see is one that is not there: 404.
/// @throws Error{kBadArgument}.
RequestPlan item(const Asked& asked, const std::string& number);

/// Its thumbnail, as WebP. A client that has it already (If-None-Match) gets 304. 404 also for an item without one.
/// @throws Error{kBadArgument}.
RequestPlan thumb(const Asked& asked, const HttpRequest& request, const std::string& number);

}  // namespace mi2::protocols::archives
