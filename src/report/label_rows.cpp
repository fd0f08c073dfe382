#include "report/label_rows.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "report/columns.hpp"

namespace mi2::report {
namespace {

/// The columns that have a meaning; all others are attributes.
struct Meaning {
  std::size_t id = 0;
  std::optional<std::size_t> label;
  std::optional<std::size_t> patient;
  std::optional<std::size_t> split;
};

/// Of several names that mean the same to everybody, the one that reports use.
std::string attribute_name(const base::Table& table, std::size_t column) {
  if (table.find(kSexColumn) == column) return "sex";
  if (table.find(kAgeColumn) == column) return "age";
  return table.header()[column];
}

LabelRows read_rows(const Meaning& meaning, base::Table& table) {
  LabelRows found;
  found.source = table.name();
  found.has_patients = meaning.patient.has_value();
  found.has_splits = meaning.split.has_value();
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < table.header().size(); ++c) {
    if (c == meaning.id || meaning.label == c || meaning.patient == c || meaning.split == c) continue;
    if (table.header()[c].empty()) continue;
    columns.push_back(c);
    found.attributes.push_back(attribute_name(table, c));
  }
  std::unordered_map<std::string, std::size_t> line_of;
  for (base::CsvRow& from : table.take_rows()) {
    LabelRow row{from.line, std::move(from.fields[meaning.id]), {}, {}, {}, {}};
    if (row.id.empty()) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: the id is empty", found.source, row.line));
    }
    const auto [earlier, is_new] = line_of.emplace(row.id, row.line);
    if (!is_new) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: the id of line {} again; expected each once", found.source,
                                              row.line, earlier->second));
    }
    if (meaning.label) row.label = std::move(from.fields[*meaning.label]);
    if (meaning.patient) row.patient = base::without_blanks(from.fields[*meaning.patient]);
    if (meaning.split) row.split = vectors::parse_split(base::without_blanks(from.fields[*meaning.split]));
    for (const std::size_t c : columns) row.attributes.emplace_back(base::without_blanks(from.fields[c]));
    found.rows.push_back(std::move(row));
  }
  if (found.rows.empty()) throw Error(Code::kBadFile, fmt::format("{}: has no row", found.source));
  return found;
}

/// Two columns that reports call by one name.
void refuse_twins(const LabelRows& rows) {
  for (auto name = rows.attributes.begin(); name != rows.attributes.end(); ++name) {
    if (std::find(std::next(name), rows.attributes.end(), *name) != rows.attributes.end()) {
      throw Error(Code::kBadFile, fmt::format("{}: has two columns of '{}'; expected one", rows.source, *name));
    }
  }
}

}  // namespace

LabelRows read_label_rows(base::Table table, const CaseOptions& options) {
  Meaning meaning;
  meaning.id = table.need(kIdColumn);
  if (options.task == Task::kAges && options.label_column.empty() && !table.find(base::kLabelColumn)) {
    meaning.label = table.need(kAgeColumn);
  } else {
    meaning.label = table.need(options.label_column, base::kLabelColumn);
  }
  meaning.patient = table.find(base::kGroupColumn);
  meaning.split = table.find(base::kSplitColumn);
  LabelRows found = read_rows(meaning, table);
  refuse_twins(found);
  for (const LabelRow& row : found.rows) {
    // Of many labels, none may be true.
    if (options.task == Task::kMany || !base::without_blanks(row.label).empty()) continue;
    throw Error(Code::kBadFile, fmt::format("{}: line {}: the label is empty", found.source, row.line));
  }
  return found;
}

LabelRows read_attribute_rows(base::Table table) {
  Meaning meaning;
  meaning.id = table.need(kIdColumn);
  meaning.patient = table.find(base::kGroupColumn);
  if (table.find(base::kSplitColumn)) {
    throw Error(Code::kBadFile, fmt::format("{}: has a column 'split', by which nothing would be split; expected it in "
                                            "the table of labels",
                                            table.name()));
  }
  LabelRows found = read_rows(meaning, table);
  refuse_twins(found);
  return found;
}

std::vector<std::string> split_labels(std::string_view text) {
  std::vector<std::string> found;
  while (true) {
    const std::size_t end = std::min(text.find('|'), text.size());
    std::string name(base::without_blanks(text.substr(0, end)));
    if (!name.empty()) found.push_back(std::move(name));
    if (end == text.size()) return found;
    text.remove_prefix(end + 1);
  }
}

}  // namespace mi2::report
