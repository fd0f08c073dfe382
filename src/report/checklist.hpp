#pragma once
// What reporting guidelines ask for, as far as a run can answer it.

#include <string>
#include <vector>

#include "report/analysis.hpp"

namespace mi2::report {

struct ChecklistItem {
  std::string asks;
  std::string answer;  ///< empty: to be filled by the authors
};

/// Items that TRIPOD+AI, CLAIM and STARD-AI have in common, without their numbers.
std::vector<ChecklistItem> checklist(const Analysis& analysis);

}  // namespace mi2::report
