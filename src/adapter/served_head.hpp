#pragma once
// The head of an adapter classifier, in the form the contracts want it.

#include <filesystem>
#include <string>
#include <vector>

#include "protocols/service.hpp"

namespace mi2::heads {

/// A scoring::HeadReader: opens the folder with Head::open. Labels and sizes are those of the folder's config.json,
/// which the caller has read too. @throws as Head::open().
scoring::Head read_served_head(const std::filesystem::path& folder, const std::vector<std::string>& labels,
                               int dimensions);

}  // namespace mi2::heads
