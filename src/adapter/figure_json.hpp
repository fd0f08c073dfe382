#pragma once
// Figures as the reports' JSON has them.

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "evaluation/evaluation.hpp"

namespace mi2::adapter {

/// {"value": .., "low": .., "high": ..}, null where there is none.
nlohmann::ordered_json figure_json(const evaluation::Figure& figure);
/// {"precision": .., "recall": .., "f1": ..}
nlohmann::ordered_json class_json(const evaluation::ClassFigures& figures);
/// {"macro": {..}, "micro": {..}}
nlohmann::ordered_json averages_json(const evaluation::Averages& averages);
/// {"threshold": .., "precision": .., "recall": .., "f1": ..}, or null without a threshold.
nlohmann::ordered_json f1_json(const std::optional<double>& threshold, const evaluation::ClassFigures& figures);

}  // namespace mi2::adapter
