#pragma once
// How a head's file and its report write a threshold: {"threshold": .., "sensitivity": .., "specificity": ..}.

#include <optional>

#include <nlohmann/json.hpp>

#include "evaluation/roc.hpp"

namespace mi2::adapter {

/// @returns null where there is no point.
inline nlohmann::ordered_json point_json(const std::optional<evaluation::OperatingPoint>& point) {
  if (!point) return nullptr;
  return {{"threshold", point->threshold}, {"sensitivity", point->sensitivity}, {"specificity", point->specificity}};
}

}  // namespace mi2::adapter
