#pragma once
// Whom the rows are of: the table that a paper begins with.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/cases.hpp"
#include "report/groups.hpp"

namespace mi2::report {

/// Ages of some rows.
struct AgeSummary {
  std::size_t known = 0;
  double mean = 0;
  double deviation = 0;
  double median = 0;
  double lower_quartile = 0;
  double upper_quartile = 0;
  double least = 0;
  double most = 0;
};
/// Nothing without an age.
std::optional<AgeSummary> summarise_ages(std::vector<double> ages);

struct CohortRow {
  std::string name;
  std::size_t rows = 0;
  std::optional<std::size_t> patients;
  std::optional<AgeSummary> ages;
  std::vector<std::size_t> counts;  ///< as Cohort::groups
};

struct CohortGroup {
  std::string attribute;
  std::string name;
};

struct Cohort {
  std::vector<CohortGroup> groups;
  std::vector<CohortRow> rows;  ///< evaluated rows, those of each label, validation rows
};

/// Of more labels than this, only all rows together.
inline constexpr std::size_t kMostCohortLabels = 40;

Cohort describe_cohort(const Study& study, const GroupOptions& options);

}  // namespace mi2::report
