#pragma once
// A report in its forms.

#include <string>

#include "report/analysis.hpp"

namespace mi2::report {

/// For machines: every figure in full, without the points of ROC and precision-recall curves. What is undefined is
/// null, with a reason beside it.
std::string to_json(const Analysis& analysis);
/// For people: one page that needs no other file and no network.
std::string to_html(const Analysis& analysis);
/// Lines for a terminal.
std::string to_text(const Analysis& analysis);

/// Tables as CSV: figures of all rows; one row per label; one per group; two per label and operating point, where it
/// was chosen and where it is evaluated; the rows that are furthest from right.
std::string figures_csv(const Analysis& analysis);
std::string labels_csv(const Analysis& analysis);
std::string groups_csv(const Analysis& analysis);
std::string points_csv(const Analysis& analysis);
std::string worst_csv(const Analysis& analysis);
/// Figures, labels and groups as LaTeX tables.
std::string tables_tex(const Analysis& analysis);

}  // namespace mi2::report
