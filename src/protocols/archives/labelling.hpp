#pragma once
// What callers say of images, series and studies of an archive.

#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// For callers who see all rows, as those who may add do. @throws Error{kBadArgument} naming the row, never what it
/// holds; {kTooLarge}.
RequestPlan give_labels(const Service& service, const Asked& asked, HttpRequest request);

}  // namespace mi2::protocols::archives
