#include "training_rows.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/utf8.hpp"
#include "inputs.hpp"

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
    rows[r] =
        RowLabel{found.label, found.split, found.line, labels.source, found.group, found.fold, labels.group_column};
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

/// The labels in the order the adapter has them: as --classes says, else those of the training rows, sorted.
std::vector<std::string> training_labels(const std::vector<std::optional<RowLabel>>& rows, const std::string& classes) {
  std::set<std::string> found;
  std::string source;
  for (const std::optional<RowLabel>& row : rows) {
    if (!row) continue;
    if (source.empty()) source = row->source;
    if (!row->split || *row->split == vectors::Split::kTrain) found.insert(row->label);
  }
  if (classes.empty()) return {found.begin(), found.end()};
  std::vector<std::string> chosen = split_labels(classes);
  for (const std::string& label : chosen) {
    if (!found.contains(label)) {
      throw Error(Code::kBadArgument, fmt::format("--classes: '{}' labels no training row of {}", label, source));
    }
  }
  return chosen;
}

/// Numbers names in their order.
class Numbers {
 public:
  void add(const std::string& name) { of_.emplace(name, 0); }
  void number() {
    std::size_t next = 0;
    for (auto& [name, number] : of_) number = next++;
  }
  [[nodiscard]] std::size_t of(const std::string& name) const { return of_.at(name); }

 private:
  std::map<std::string, std::size_t> of_;
};

/// Refuses a row that counts whose group or fold is not known.
void check_row(const RowLabel& row, const std::string& grouped_by, bool needs_fold) {
  if (row.grouped_by.empty() != grouped_by.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: has {} column '{}', and another table of labels has {}; expected "
                            "it in all or in none",
                            row.source, row.grouped_by.empty() ? "no" : "a",
                            base::printable(row.grouped_by + grouped_by), row.grouped_by.empty() ? "one" : "none"));
  }
  const bool no_group = !grouped_by.empty() && row.group.empty();
  if (!no_group && !(needs_fold && row.fold.empty())) return;
  throw Error(Code::kBadFile, fmt::format("{}: line {}: its {} is empty; expected one in every row that counts",
                                          row.source, row.line, no_group ? base::printable(row.grouped_by) : "fold"));
}

adapter::Samples& samples_for(adapter::TrainingSet& set, const std::optional<vectors::Split>& split) {
  if (split == vectors::Split::kValidation) return set.validation;
  return split == vectors::Split::kTest ? set.test : set.train;
}

}  // namespace

vectors::VectorTable read_all_embeddings(const std::vector<std::string>& files, const std::string& paths) {
  if (files.size() > 1 && !paths.empty()) {
    throw Error(Code::kBadArgument, "--paths: expected one file of embeddings; several name their rows themselves");
  }
  vectors::VectorTable all = read_embeddings(files.front(), paths);
  for (std::size_t i = 1; i < files.size(); ++i) {
    vectors::VectorTable more = read_embeddings(files[i], "");
    if (all.names.empty() || more.names.empty()) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: several files of embeddings go together by the paths of their rows, and {} has none",
                              all.source, all.names.empty() ? all.source : more.source));
    }
    if (more.vectors.dimensions() != all.vectors.dimensions()) {
      throw Error(Code::kBadArgument, fmt::format("{}: vectors of {} numbers, those of {} have {}", more.source,
                                                  more.vectors.dimensions(), all.source, all.vectors.dimensions()));
    }
    Progress progress(0, "");
    check_origin(more.provenance, all.provenance, all.source, progress);
    if (!more.provenance) all.provenance.reset();
    if (!more.frames.empty() || !all.frames.empty()) {
      all.frames.resize(all.names.size());
      more.frames.resize(more.names.size());
      all.frames.insert(all.frames.end(), more.frames.begin(), more.frames.end());
    }
    all.names.insert(all.names.end(), std::make_move_iterator(more.names.begin()),
                     std::make_move_iterator(more.names.end()));
    for (std::size_t r = 0; r < more.vectors.rows(); ++r) all.vectors.append(more.vectors.row(r));
  }
  return all;
}

std::vector<std::optional<RowLabel>> label_rows(const vectors::VectorTable& table, const LabelTableArguments& labels,
                                                const SplitTables& splits, Progress& progress) {
  std::vector<std::optional<RowLabel>> rows(table.vectors.rows());
  const vectors::LabelTable main = vectors::read_label_table(labels.labels, labels.options);
  if (splits.validation.empty() && splits.test.empty()) {
    add_rows(rows, table, main, join_and_report(table, main, progress));
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
  return rows;
}

adapter::TrainingSet training_set(const vectors::VectorTable& table, const std::vector<std::optional<RowLabel>>& rows,
                                  const std::string& classes, bool folds, Progress& progress) {
  std::size_t set_aside = 0;
  adapter::TrainingSet set;
  set.labels = training_labels(rows, classes);
  set.provenance = table.provenance;
  for (adapter::Samples* samples : {&set.train, &set.validation, &set.test}) {
    samples->vectors = EmbeddingMatrix(0, table.vectors.dimensions());
  }
  std::vector<const RowLabel*> counted;
  Numbers groups;
  Numbers fold_numbers;
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    if (!rows[r]) continue;
    const RowLabel& row = *rows[r];
    if (row.split == vectors::Split::kOther) {
      ++set_aside;
      continue;
    }
    const auto label = std::find(set.labels.begin(), set.labels.end(), row.label);
    if (label == set.labels.end() && !classes.empty()) continue;
    if (label == set.labels.end()) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: line {}: its label is on no training row", row.source, row.line));
    }
    if (counted.empty()) set.grouped_by = row.grouped_by;
    const bool trains = &samples_for(set, row.split) == &set.train;
    check_row(row, set.grouped_by, folds && trains);
    counted.push_back(&row);
    groups.add(row.group);
    if (folds && trains) fold_numbers.add(row.fold);
    samples_for(set, row.split).add(table.vectors.row(r), static_cast<std::size_t>(label - set.labels.begin()), r);
  }
  groups.number();
  fold_numbers.number();
  for (const RowLabel* row : counted) {
    adapter::Samples& samples = samples_for(set, row->split);
    if (!set.grouped_by.empty()) samples.groups.push_back(groups.of(row->group));
    if (folds && &samples == &set.train) samples.folds.push_back(fold_numbers.of(row->fold));
  }
  if (set_aside > 0) {
    progress.note(fmt::format("{} rows are of a split other than train, val and test and do not count", set_aside));
  }
  return set;
}

std::string parts_csv(const vectors::VectorTable& table, const adapter::TrainingSet& set,
                      const adapter::TrainedAdapter& trained) {
  struct Place {
    std::string_view part;
    std::size_t label = 0;
    std::string fold{};
  };
  std::map<std::size_t, Place> places;
  const auto add = [&](const adapter::Samples& samples, std::string_view part) {
    for (std::size_t r = 0; r < samples.rows(); ++r) places[samples.ids[r]] = {part, samples.classes[r]};
  };
  add(set.train, "train");
  add(set.validation, "val");
  add(set.test, "test");
  const adapter::Evaluated& held_out = trained.held_out;
  for (std::size_t r = 0; r < held_out.ids.size(); ++r) {
    Place& place = places[held_out.ids[r]];
    if (!held_out.folds.empty()) {
      place.fold = std::to_string(held_out.folds[r] + 1);
    } else if (place.part == "train") {
      place.part = "held out";
    }
  }
  std::string text = "path,label,part,fold\n";
  for (const auto& [row, place] : places) {
    text +=
        fmt::format("{},{},{},{}\n", table.names.empty() ? std::to_string(row + 1) : base::csv_field(table.names[row]),
                    base::csv_field(set.labels[place.label]), place.part, place.fold);
  }
  return text;
}

}  // namespace mi2::cli
