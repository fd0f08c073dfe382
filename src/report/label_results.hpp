#pragma once
// Each label against the rest.

#include <vector>

#include "report/analysis.hpp"

namespace mi2::report {

inline constexpr const char* kYoudenRule = "largest sensitivity + specificity";

/// @param scores, chosen  of the evaluated rows and of the validation rows, on one scale. @param ranked  each label's
/// `scores`, in order.
std::vector<LabelResult> label_results(const Study& study, const evaluation::Scores& scores,
                                       const std::vector<evaluation::RankedScores>& ranked,
                                       const evaluation::Scores& chosen, bool are_probabilities,
                                       const AnalysisOptions& options);

}  // namespace mi2::report
