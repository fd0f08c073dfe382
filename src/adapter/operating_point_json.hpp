#pragma once
// How an adapter's file and its report write a threshold: {"threshold": .., "sensitivity": .., "specificity": ..}.

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "evaluation/roc.hpp"

namespace mi2::adapter {

/// @returns null where there is no point.
nlohmann::ordered_json point_json(const std::optional<evaluation::OperatingPoint>& point);

}  // namespace mi2::adapter
