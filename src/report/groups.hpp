#pragma once
// Who the rows are of, and whether the model serves all of them alike.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/binary.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/figure.hpp"
#include "report/cases.hpp"

namespace mi2::report {

struct GroupOptions {
  std::vector<double> age_bands{0, 18, 40, 60, 80};  ///< where each starts, ascending
  std::size_t fewest_rows = 30;                      ///< a smaller group is "too few": no figure
  std::size_t fewest_of_kind = 10;                   ///< so are fewer positive or negative rows
  std::size_t most_values = 20;                      ///< a column of more is not an attribute
  std::string positive;                              ///< the label of sensitivity and specificity
  std::string no_finding;                            ///< the label of people who are well
};

/// Rows of one value of an attribute.
struct Group {
  std::string name;
  std::vector<std::size_t> rows;
};

struct GroupedAttribute {
  std::string name;
  std::vector<Group> groups;  ///< ages by band, other values by name; "missing" last
};

/// What the groups of both together are called.
inline constexpr const char* kSexAndAge = "sex and age";

/// The attributes that make groups, and sex by age if both do. Every row is in one group of each.
/// @param notes  gets a sentence for each column that makes none.
std::vector<GroupedAttribute> group_rows(const Cases& cases, const GroupOptions& options,
                                         std::vector<std::string>& notes);

struct GroupResult {
  std::string name;
  std::size_t rows = 0;
  std::optional<std::size_t> patients;
  std::optional<std::size_t> positives;  ///< of GroupOptions::positive
  bool too_few = false;
  std::size_t defined_labels = 0;
  evaluation::Figure metric;
  evaluation::Figure difference;   ///< to the reference group
  std::optional<double> p;         ///< of no difference
  std::optional<double> p_holm;    ///< over the attribute's groups
  evaluation::Figure sensitivity;  ///< at the operating point of the positive label
  evaluation::Figure specificity;
  evaluation::Figure precision;
  evaluation::Figure underdiagnosis;  ///< share of people with a finding who are taken for well
  std::optional<double> calibration_error;
  evaluation::CalibrationLine line;
};

struct AttributeResult {
  std::string name;
  std::string metric;     ///< and its unit
  std::string reference;  ///< the largest group; empty: no group has enough rows
  std::string worst;
  evaluation::Figure gap;  ///< largest minus smallest metric
  std::optional<double> equalised_odds;
  std::vector<GroupResult> groups;
  std::vector<std::string> faults;  ///< parts that do not add up to the whole: empty unless there is a mistake
};

}  // namespace mi2::report
