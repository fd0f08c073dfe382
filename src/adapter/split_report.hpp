#pragma once
// How rows came to be trained on or judged, as reports say it.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "adapter/splitting.hpp"

namespace mi2::adapter {

nlohmann::ordered_json split_json(const Splitting& split, const std::vector<std::string>& labels);

/// "  split by 'patient': ..".
/// @param held_out  what the rows are called that `what` ("thresholds") comes from.
std::string split_text(const Splitting& split, std::string_view held_out, std::string_view what);

}  // namespace mi2::adapter
