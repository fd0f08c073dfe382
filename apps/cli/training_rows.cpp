#include "training_rows.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "adapter/target_rows.hpp"
#include "base/blanks.hpp"
#include "base/csv.hpp"
#include "base/numbers.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "evaluation/findings.hpp"
#include "inputs.hpp"
#include "report/label_rows.hpp"

namespace mi2::cli {
namespace {

/// One text for each number: "1" for "1.0".
std::string level_text(double level) { return fmt::format("{}", level == 0 ? 0.0 : level); }

double number_in(const RowLabel& row, bool is_time) {
  const std::optional<double> number = base::parse_finite(base::without_blanks(row.label));
  if (number && (!is_time || *number >= 0)) return *number;
  throw Error(Code::kBadFile, fmt::format("{}: line {}: column '{}': expected a {}", row.source, row.line,
                                          base::printable(row.column), is_time ? "time of at least 0" : "number"));
}

/// The numbers of the training rows, from the smallest up.
std::vector<std::string> training_levels(const std::vector<std::optional<RowLabel>>& rows, const std::string& classes) {
  if (!classes.empty()) {
    throw Error(Code::kBadArgument, "--classes: of ordinal labels expected none: they are the training rows' numbers");
  }
  std::set<double> found;
  for (const std::optional<RowLabel>& row : rows) {
    if (row && row->split.value_or(vectors::Split::kTrain) == vectors::Split::kTrain) {
      found.insert(number_in(*row, false));
    }
  }
  if (found.size() > adapter::kMaxLevels) {
    throw Error(Code::kBadArgument, fmt::format("--target ordinal: expected at most {} different numbers, got {}; "
                                                "--target number has no limit",
                                                adapter::kMaxLevels, found.size()));
  }
  std::vector<std::string> levels;
  for (const double level : found) levels.push_back(level_text(level));
  return levels;
}

/// The labels in the order the adapter has them: as --classes says, else those of the training rows, sorted.
std::vector<std::string> training_labels(const std::vector<std::optional<RowLabel>>& rows, adapter::Target target,
                                         const std::string& classes) {
  std::set<std::string> found;
  std::string source;
  if (adapter::is_one_number(target)) {
    if (!classes.empty()) throw Error(Code::kBadArgument, "--classes: numbers have no classes");
    const auto first = std::ranges::find_if(rows, [](const auto& row) { return row.has_value(); });
    const std::string name = first == rows.end() ? std::string() : (*first)->column;
    return {name.empty() ? std::string(adapter::name_of(target)) : name};
  }
  if (target == adapter::Target::kOrdinal) return training_levels(rows, classes);
  for (const std::optional<RowLabel>& row : rows) {
    if (!row) continue;
    if (source.empty()) source = row->source;
    if (row->split && *row->split != vectors::Split::kTrain) continue;
    if (target == adapter::Target::kFindings) {
      for (std::string& label : report::split_labels(row->label)) found.insert(std::move(label));
    } else {
      found.insert(row->label);
    }
  }
  if (classes.empty()) return {found.begin(), found.end()};
  std::vector<std::string> chosen = listed_labels(classes, "--classes");
  for (const std::string& label : chosen) {
    if (!found.contains(label)) {
      throw Error(Code::kBadArgument, fmt::format("--classes: '{}' labels no training row of {}", label, source));
    }
  }
  return chosen;
}

/// Before a finding of any row is kept.
void check_size_of_set(const std::vector<std::optional<RowLabel>>& rows, const adapter::TrainingSet& set) {
  if (set.target != adapter::Target::kFindings) return;
  const auto labelled = std::ranges::count_if(rows, [](const auto& row) { return row.has_value(); });
  evaluation::check_size_of_findings(static_cast<std::size_t>(labelled), set.labels.size());
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

/// A row's truth as the target has it.
class Truth {
 public:
  Truth(adapter::Target target, const std::vector<std::string>& labels, bool chosen)
      : target_(target), labels_(labels), chosen_(chosen) {}

  /// @returns whether the row counts.
  bool read(const RowLabel& row) {
    switch (target_) {
      case adapter::Target::kLabel:
        return read_label(row);
      case adapter::Target::kFindings:
        read_findings(row);
        return true;
      case adapter::Target::kOrdinal:
        number_ = number_in(row, false);
        class_ = place_of(row, level_text(*number_)).value();
        return true;
      case adapter::Target::kSurvival:
        read_event(row);
        [[fallthrough]];
      case adapter::Target::kNumber:
        number_ = number_in(row, target_ == adapter::Target::kSurvival);
    }
    return true;
  }

  /// What read() has read last.
  void add_to(adapter::Samples& samples, std::span<const float> vector, std::size_t id) const {
    samples.add(vector, adapter::RowTruth{class_, number_, findings_}, id);
  }

 private:
  [[nodiscard]] std::optional<std::size_t> place_of(const RowLabel& row, const std::string& label) const {
    const auto found = std::ranges::find(labels_, label);
    if (found != labels_.end()) return static_cast<std::size_t>(found - labels_.begin());
    if (chosen_) return std::nullopt;
    throw Error(Code::kBadArgument, fmt::format("{}: line {}: its label is on no training row", row.source, row.line));
  }

  bool read_label(const RowLabel& row) {
    const std::optional<std::size_t> place = place_of(row, row.label);
    class_ = place.value_or(0);
    return place.has_value();
  }

  void read_findings(const RowLabel& row) {
    findings_.assign(labels_.size(), 0);
    for (const std::string& label : report::split_labels(row.label)) {
      if (const auto place = place_of(row, label)) findings_[*place] = 1;
    }
  }

  void read_event(const RowLabel& row) {
    const std::string event = base::lower_ascii(row.event);
    if (event != "0" && event != "1" && event != "true" && event != "false") {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: its event: expected 1 or 0", row.source, row.line));
    }
    class_ = event == "1" || event == "true" ? 1 : 0;
  }

  adapter::Target target_;
  const std::vector<std::string>& labels_;
  bool chosen_;  ///< by --classes
  std::size_t class_ = 0;
  std::optional<double> number_;
  std::vector<std::uint8_t> findings_;
};

/// A row's truth as the table of parts has it.
std::string truth_text(const adapter::TrainingSet& set, const adapter::Samples& samples, std::size_t row) {
  switch (set.target) {
    case adapter::Target::kLabel:
    case adapter::Target::kOrdinal:
      return set.labels[samples.classes[row]];
    case adapter::Target::kNumber:
      return fmt::format("{}", samples.numbers[row]);
    case adapter::Target::kSurvival:
      return fmt::format("{}{}", samples.numbers[row], samples.classes[row] == 1 ? "" : "+");
    case adapter::Target::kFindings:
      break;
  }
  std::string text;
  for (std::size_t c = 0; c < set.labels.size(); ++c) {
    if (samples.findings[row * set.labels.size() + c] != 1) continue;
    text += fmt::format("{}{}", text.empty() ? "" : "|", set.labels[c]);
  }
  return text;
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

adapter::TrainingSet training_set(const vectors::VectorTable& table, const std::vector<std::optional<RowLabel>>& rows,
                                  adapter::Target target, const std::string& classes, bool folds, Progress& progress) {
  std::size_t set_aside = 0;
  adapter::TrainingSet set;
  set.target = target;
  set.labels = training_labels(rows, target, classes);
  check_size_of_set(rows, set);
  set.provenance = table.provenance;
  for (adapter::Samples* samples : {&set.train, &set.validation, &set.test}) {
    samples->vectors = EmbeddingMatrix(0, table.vectors.dimensions());
  }
  std::vector<const RowLabel*> counted;
  Numbers groups;
  Numbers fold_numbers;
  Truth truth(target, set.labels, !classes.empty());
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    if (!rows[r]) continue;
    const RowLabel& row = *rows[r];
    if (row.split == vectors::Split::kOther) {
      ++set_aside;
      continue;
    }
    if (!truth.read(row)) continue;
    if (counted.empty()) set.grouped_by = row.grouped_by;
    const bool trains = &samples_for(set, row.split) == &set.train;
    check_row(row, set.grouped_by, folds && trains);
    counted.push_back(&row);
    groups.add(row.group);
    if (folds && trains) fold_numbers.add(row.fold);
    truth.add_to(samples_for(set, row.split), table.vectors.row(r), r);
  }
  groups.number();
  fold_numbers.number();
  for (const RowLabel* row : counted) {
    adapter::Samples& samples = samples_for(set, row->split);
    if (!set.grouped_by.empty()) samples.groups.push_back(groups.of(row->group));
    if (folds && &samples == &set.train) samples.folds.push_back(fold_numbers.of(row->fold));
  }
  for (adapter::Samples* samples : {&set.train, &set.validation, &set.test}) {
    if (target == adapter::Target::kFindings) {
      samples->classes = adapter::rarest_labels(samples->findings, set.labels.size());
    }
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
    std::string label{};
    std::string fold{};
  };
  std::map<std::size_t, Place> places;
  const auto add = [&](const adapter::Samples& samples, std::string_view part) {
    for (std::size_t r = 0; r < samples.rows(); ++r) places[samples.ids[r]] = {part, truth_text(set, samples, r)};
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
                    base::csv_field(place.label), place.part, place.fold);
  }
  return text;
}

}  // namespace mi2::cli
