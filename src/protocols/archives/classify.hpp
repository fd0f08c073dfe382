#pragma once
// Scores of labels for images of an archive, from the vectors that it has, or for images that are sent.

#include <string>
#include <vector>

#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// Names of the served classifiers of an archive's weights that are ready.
std::vector<std::string> classifiers_of(const Service& service, const Asked& asked);

/// POST /v1/archives/{archive}/classify: the scores of `mi2 classify`, with the archive's own verdict on whether the
/// nearest label is near at all.
/// @throws Error{kBadArgument} naming the member that is wrong, never what it holds; {kTooLarge}; {kOverloaded} while
///         models are loaded.
RequestPlan classify(const Service& service, const Asked& asked, HttpRequest request);

}  // namespace mi2::protocols::archives
