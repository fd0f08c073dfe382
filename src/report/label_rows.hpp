#pragma once
// The table of what is true of every id, and tables of what else is known.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/table.hpp"
#include "report/cases.hpp"
#include "vectors/label_table.hpp"

namespace mi2::report {

struct LabelRow {
  std::size_t line = 0;
  std::string id;
  std::string label;
  std::string patient;
  std::optional<vectors::Split> split;
  std::vector<std::string> attributes;  ///< as LabelRows::attributes; "" where not known
};

struct LabelRows {
  std::string source;  ///< what errors call the table
  std::vector<std::string> attributes;
  bool has_patients = false;
  bool has_splits = false;
  std::vector<LabelRow> rows;
};

/// Every id once. @throws Error{kBadFile} naming the line.
LabelRows read_label_rows(base::Table table, const CaseOptions& options);
/// As read_label_rows(), without labels and splits.
LabelRows read_attribute_rows(base::Table table);

/// "a|b" without blanks around each, and without empty ones.
std::vector<std::string> split_labels(std::string_view text);

}  // namespace mi2::report
