#pragma once
// Vectors that clients send, into an archive: what they have embedded themselves.

#include <optional>
#include <string>
#include <vector>

#include "protocols/archive_routes.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/multipart.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// The parts of a form that has one called vectors; nothing of another body, which stays as it is.
/// @throws as parse_multipart().
std::optional<std::vector<Part>> take_vectors(HttpRequest& request);

/// POST /v1/archives/{archive}/items with such a form: vectors, and rows and table if there are any. Paths are names:
/// no file of the server is read.
/// @param weights  of the query: the start of the weights' hash that made them; empty: the form says.
/// @throws Error{kBadArgument} for other parts; {kOverloaded} while models are loaded.
RequestPlan add_vectors(const Service& service, const Asked& asked, const ArchiveAdding& adding,
                        std::vector<Part> parts, const std::string& site, const std::string& weights);

}  // namespace mi2::protocols::archives
