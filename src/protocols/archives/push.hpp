#pragma once
// Results of a card, and tags that may be wrong, sent as DICOM objects to where the operator lets them be sent.

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/push/uses.hpp"
#include "dicom/results/receiver.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

using archive::push::FetchObject;

/// Where results may be sent. Nothing of it comes from a request. What its functions give belongs to one push, and ends
/// soon, with an Error, once a stop was requested.
struct Destination {
  std::string name;
  /// @throws Error if it cannot be reached.
  std::function<std::unique_ptr<dicom::results::Receiver>(const std::stop_token& stop)> open;
  /// Of objects that are there and in no file; empty: there are none.
  std::function<FetchObject(const std::stop_token& stop)> reader{};
};

/// POST /v1/archives/{archive}/cards/{card}/push: {"to": NAME, "as": "sr", "sc" or "both", "send": true}. Without
/// "send" the answer says what would be sent. @param id  of a card that was kept.
/// @throws Error{kBadArgument} for a name that is none of `destinations`; {kNotFound} without such a card.
RequestPlan push_card(const Service& service, const Asked& asked, std::span<const Destination> destinations,
                      HttpRequest request, const std::string& id);

/// POST /v1/archives/{archive}/tags/push: {"to": NAME, "send": true, "fixes": [..]}, of results of tags, as structured
/// reports.
/// @throws Error{kBadArgument} for a name that is none of `destinations`, naming the member of a fix that is wrong,
/// never
///         what it holds; {kTooLarge} for more than kMostShownOf fixes.
RequestPlan push_tags(const Service& service, const Asked& asked, std::span<const Destination> destinations,
                      HttpRequest request);

}  // namespace mi2::protocols::archives
