#include "row_labels.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/utf8.hpp"

namespace mi2::cli {
namespace {

/// Adds the rows of one table to those of the others.
void add_rows(std::vector<std::optional<RowLabel>>& rows, const vectors::VectorTable& table,
              const vectors::LabelTable& labels, const vectors::Join& joined) {
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (!joined.row_of[r]) continue;
    const vectors::LabelRow& found = labels.rows[*joined.row_of[r]];
    if (rows[r]) {
      throw Error(
          Code::kBadArgument,
          fmt::format("'{}' is in line {} of {} and in line {} of {}; expected it in one of them",
                      base::printable(table.names[r]), rows[r]->line, rows[r]->source, found.line, labels.source));
    }
    rows[r] = RowLabel{found.label, found.split,         found.line,  labels.source,      found.group,
                       found.fold,  labels.group_column, found.event, labels.label_column};
  }
}

/// A table whose rows are all of one split.
vectors::LabelTable read_split(const std::string& file, const vectors::LabelOptions& options, vectors::Split split,
                               std::string_view name) {
  vectors::LabelOptions without_folds = options;  // which are the train rows'
  without_folds.fold_column.clear();
  vectors::LabelTable labels = vectors::read_path_table(file, without_folds);
  for (vectors::LabelRow& row : labels.rows) {
    if (row.split && *row.split != split) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: line {}: expected rows of split {} alone", labels.source, row.line, name));
    }
    row.split = split;
  }
  return labels;
}

/// Frames of one file are of one patient: where no column names patients, they stay together.
void group_frames(std::vector<std::optional<RowLabel>>& rows, const vectors::VectorTable& table, Progress& progress) {
  if (table.frames.empty() || table.names.empty()) return;
  std::set<std::string_view> files;
  std::size_t labelled = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (!rows[r]) continue;
    if (!rows[r]->grouped_by.empty()) return;
    files.insert(table.names[r]);
    ++labelled;
  }
  if (files.size() == labelled) return;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (!rows[r]) continue;
    rows[r]->group = table.names[r];
    rows[r]->grouped_by = "file";
  }
  progress.note("no column names patients: the frames of one file stay together; --group COLUMN names whose rows do");
}

}  // namespace

std::vector<std::optional<RowLabel>> label_rows(const vectors::VectorTable& table, const LabelTableArguments& labels,
                                                const SplitTables& splits, Progress& progress) {
  std::vector<std::optional<RowLabel>> rows(table.vectors.rows());
  const vectors::LabelTable main = vectors::read_label_table(labels.labels, labels.options);
  if (splits.validation.empty() && splits.test.empty()) {
    add_rows(rows, table, main, join_and_report(table, main, progress));
    group_frames(rows, table, progress);
    return rows;
  }
  if (!main.named) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected a table with paths beside --val-labels or --test-labels", main.source));
  }
  std::vector<vectors::LabelTable> tables{main};
  using vectors::Split;
  if (!splits.validation.empty()) {
    tables.push_back(read_split(splits.validation, labels.options, Split::kValidation, "val"));
  }
  if (!splits.test.empty()) tables.push_back(read_split(splits.test, labels.options, Split::kTest, "test"));
  for (const vectors::LabelTable& one : tables) {
    const vectors::Join joined = vectors::join(table, one);
    add_rows(rows, table, one, joined);
    if (joined.unused == 0) continue;
    progress.note(fmt::format("{}: {} of {} rows have no embedding in {} and do not count", one.source, joined.unused,
                              one.rows.size(), table.source));
  }
  const auto missing = std::ranges::count_if(rows, [](const auto& row) { return !row.has_value(); });
  if (missing > 0) {
    progress.note(fmt::format("{}: {} of {} rows have no label and do not count", table.source, missing, rows.size()));
  }
  group_frames(rows, table, progress);
  return rows;
}

}  // namespace mi2::cli
