#pragma once
// Searches, and the plan of one whatever its answer is: results, or their card.

#include <functional>
#include <span>
#include <string>

#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/archives/search_request.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// A search and what it found.
struct Searched {
  const AskedSearch& asked;
  std::span<const archive::QueryPart> parts;
  const archive::SearchAnswer& answer;
};

/// Writes the answer. It is called again if what was read was erased meanwhile.
using AnswerSearch = std::function<void(archive::Reader&, const Searched&, HttpResponse&)>;

/// @param action  as ArchiveRecord::action.
RequestPlan plan_search(const Asked& asked, AskedSearch wanted, std::string action, AnswerSearch answer);

/// One that answers with results.
RequestPlan search(const Asked& asked, AskedSearch wanted);

/// A search for an item, by GET with a query in place of a body. @throws Error{kBadArgument} and as read_search().
RequestPlan neighbours(const Service& service, const Asked& asked, const HttpRequest& request,
                       const std::string& number);

}  // namespace mi2::protocols::archives
