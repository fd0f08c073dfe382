#pragma once
// The plots of a report, each a whole SVG file.

#include <string>

#include "report/analysis.hpp"

namespace mi2::report {

std::string roc_svg(const Analysis& analysis);
std::string precision_recall_svg(const Analysis& analysis);
/// Of the likeliest label. Nothing of a task without probabilities of one label.
std::string calibration_svg(const Analysis& analysis);
/// Groups one below the other, each with its interval, and the figure of all rows as a line.
std::string forest_svg(const Analysis& analysis);
/// What acting on an answer is worth, for the first labels.
std::string decision_svg(const Analysis& analysis);
/// Errors by the mean of guess and truth, with bias and limits of agreement.
std::string bland_altman_svg(const Analysis& analysis, const AgeResult& ages);

}  // namespace mi2::report
