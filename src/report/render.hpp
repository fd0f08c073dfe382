#pragma once
// A report in its forms.

#include <string>

#include "report/analysis.hpp"

namespace mi2::report {

/// For machines: every number of the analysis. What is undefined is null, with a reason beside it.
std::string to_json(const Analysis& analysis);
/// For people: one page that needs no other file and no network.
std::string to_html(const Analysis& analysis);
/// Lines for a terminal.
std::string to_text(const Analysis& analysis);

/// Tables as CSV: figures of all rows; a row per label; a row per group; a row per label and operating point; rows that
/// are furthest from right.
std::string figures_csv(const Analysis& analysis);
std::string labels_csv(const Analysis& analysis);
std::string groups_csv(const Analysis& analysis);
std::string points_csv(const Analysis& analysis);
std::string worst_csv(const Analysis& analysis);
/// Figures, labels and groups as LaTeX tables.
std::string tables_tex(const Analysis& analysis);

}  // namespace mi2::report
