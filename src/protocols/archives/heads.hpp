#pragma once
// Heads: small classifiers that are trained on labelled items of an archive, kept in a folder of the operator's, and
// applied to what a filter lets by. What a caller may not see is neither trained on nor answered; a head is there for
// those alone who may see all rows, or the same ones as whoever trained it.

#include <string>

#include "adapter/adapter.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// GET /v1/archives/{archive}/heads: what is kept, the newest first. @throws Error{kNotFound} without a folder.
RequestPlan list_heads(const Asked& asked);

/// POST /v1/archives/{archive}/heads: {"items": [{"item": 4, "label": ".."}, ..], "name", "balanced", "seed"}.
/// The answer, 201, is the head with its figures.
/// @throws Error{kBadArgument} naming the member that is wrong, never what it holds; {kTooLarge}.
RequestPlan train_head(const Service& service, const Asked& asked, HttpRequest request);

/// GET /v1/archives/{archive}/heads/{head}. @throws Error{kNotFound} for anything but an id.
RequestPlan kept_head(const Asked& asked, const std::string& id);

/// GET /v1/archives/{archive}/heads/{head}/files/{file}: adapter.json or adapter.safetensors, for `mi2 adapter
/// classify`.
RequestPlan head_file(const Asked& asked, const std::string& id, const std::string& file);

/// POST /v1/archives/{archive}/heads/{head}/apply: the probabilities of its labels for items, or for what a filter lets
/// by. @throws as train_head().
RequestPlan apply_head(const Service& service, const Asked& asked, HttpRequest request, const std::string& id);

/// The adapter of a head. @throws Error{kNotFound} unless there is one for this caller; {kInternal} if it is damaged.
adapter::Adapter kept_adapter(const Asked& asked, const std::string& id, ArchiveRecord& record);

/// DELETE /v1/archives/{archive}/heads/{head}: as if it had not been trained.
RequestPlan remove_head(const Asked& asked, const std::string& id);

}  // namespace mi2::protocols::archives
