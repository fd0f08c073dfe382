#pragma once
// Evidence cards of searches, and searches that a card repeats. Only for callers who may see all rows: who replays a
// card sees all, and the caller's restriction may itself name what is hidden.

#include <string>
#include <string_view>

#include "archive/cards/card.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// POST /v1/archives/{archive}/cards: the body of a search without a cursor, and notes. The answer is the card as JSON,
/// or its page if the client reads HTML and no JSON; 201 if it was kept.
/// @throws as read_search(); Error{kBadArgument} for a cursor, or a note of what is not found.
RequestPlan make_card(const Service& service, const Asked& asked, HttpRequest request);

/// GET /v1/archives/{archive}/cards/{card}: a card that was kept. @param name  its id, with ".html" for its page.
/// @throws Error{kNotFound} for anything but an id.
RequestPlan kept_card(const Asked& asked, std::string name);

/// The answer to a key that may see some rows only. @param what  it asks for.
RequestPlan refuse_restricted(std::string_view what = "cards");

/// A card that was kept, for a finish.
/// @throws Error{kNotFound} unless there is one of this archive, which asks for nothing that takes a right that is not
///         there; {kInternal} with the reason in the record.
archive::cards::Card read_kept(const Asked& asked, const std::string& id, ArchiveRecord& record);

/// POST /v1/archives/{archive}/replay: a card. The answer says what differs.
/// @throws Error{kBadFile} for what is no card of this version; {kBadArgument} for one of another archive, or whose
///         filter takes a right that is not there; {kTooLarge}; {kUnsupported} for another content type.
RequestPlan replay_card(const Asked& asked, const HttpRequest& request);

/// Whether an Accept header names HTML and not JSON.
bool wants_page(std::string_view accept);

}  // namespace mi2::protocols::archives
