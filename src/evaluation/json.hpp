#pragma once
// What reports of several kinds have in JSON alike.

#include <nlohmann/json_fwd.hpp>

#include "evaluation/calibration.hpp"
#include "evaluation/confusion.hpp"

namespace mi2::evaluation {

/// A row per true class, a column per answer.
nlohmann::ordered_json confusion_json(const Confusion& confusion);
/// [{"low", "high", "count", "confidence", "accuracy"}, ..]
nlohmann::ordered_json bins_json(const Reliability& reliability);

}  // namespace mi2::evaluation
