#pragma once
// What a reader must know before believing a figure.

#include "report/analysis.hpp"

namespace mi2::report {

/// Adds to Analysis::warnings.
void add_warnings(const Study& study, Analysis& analysis);

}  // namespace mi2::report
