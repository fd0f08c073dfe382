#pragma once
// An adapter that is asked what tags of an archive should be, in place of neighbours.

#include <memory>
#include <string_view>

#include "adapter/adapter.hpp"
#include "archive/format.hpp"
#include "archive/tags.hpp"

namespace mi2::archive::heads {

/// Sets TagOptions::head and head_name. @param name  what errors call the adapter.
/// @throws Error{kBadArgument} for one that gives no label, or that the archive's vectors do not fit.
void use_head(std::string_view name, std::shared_ptr<const adapter::Adapter> adapter, const Format& format,
              TagOptions& options);

}  // namespace mi2::archive::heads
