#pragma once
// What an adapter is worth whose target is no plain label: figures of findings, numbers, ordinal labels and survival.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapter/training.hpp"
#include "evaluation/ages.hpp"
#include "evaluation/findings.hpp"
#include "evaluation/survival.hpp"

namespace mi2::adapter {

/// A finding is called from this probability on, where a figure needs calls: scikit-learn's predict().
inline constexpr double kCalled = 0.5;

/// A figure with the key it has in files, and its name for people.
struct TargetFigure {
  std::string key;
  std::string name;
  evaluation::Figure figure;
};

struct TargetFigures {
  std::vector<TargetFigure> figures;                         ///< the first is the headline
  std::optional<evaluation::FindingsEvaluation> findings{};  ///< Target::kFindings
};

/// Of kNumber the mean absolute error first, beside that of saying the median of the training rows; of kOrdinal
/// that of the expected values, and the quadratic weighted kappa of the likeliest labels; of kSurvival Harrell's C, by
/// pairs of rows that one fit judged; of kFindings the mean area under the curve. Intervals are by
/// bootstrap, of groups where rows are grouped.
/// @throws as evaluation::age_errors(), SurvivalRows, evaluate_findings() and bootstrap().
TargetFigures target_figures(const AdapterDescription& shape, const Evaluated& evaluated, std::optional<double> typical,
                             const evaluation::BootstrapOptions& options);

/// The figures that an adapter's own file has.
std::map<std::string, double> target_metrics(const AdapterDescription& shape, const Evaluated& evaluated);

}  // namespace mi2::adapter
