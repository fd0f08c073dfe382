#pragma once
// --truth and --report of mi2 classify and mi2 adapter classify: what answers are worth where the right ones are known.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <mi2/classifier.hpp>
#include <mi2/frames.hpp>

#include "base/files.hpp"
#include "embedder/inputs.hpp"
#include "evaluation/scores.hpp"
#include "progress.hpp"
#include "score_writers.hpp"
#include "vectors/label_table.hpp"

namespace CLI {
class App;
}

namespace mi2::cli {

struct TruthArguments {
  std::string truth;
  vectors::LabelOptions options;
  std::string report;
  std::string prediction = "zero_shot_pred";  ///< the answers' column
};

/// Declares --truth, --truth-column, --split and --report. `arguments` outlives the App.
void add_truth_arguments(CLI::App& command, TruthArguments& arguments);

class TruthReport {
 public:
  /// Looks up which of `labels` each name is of, and notes the names that the table does not have.
  /// @param names   paths. @param source  what errors call where they come from. @param frames  as VectorTable::frames.
  /// @throws as vectors::read_path_table() and vectors::join(); Error{kBadArgument} for a label that is none of
  ///         `labels`, and without names.
  TruthReport(const TruthArguments& arguments, std::span<const std::string> labels, std::span<const std::string> names,
              std::string_view source, std::span<const std::uint64_t> frames, Progress& progress);

  /// @param scores  of all labels. @throws Error{kTooLarge} for more scores than are kept.
  void add(std::string_view path, const std::optional<FramePlace>& frame, std::span<const LabelScore> scores);

  /// Makes report.json, report.txt, confusion.svg and predictions.csv, which have no names yet, and removes old ones;
  /// nothing if no image of known label was added. Before the scores have their name: a kill must not leave the report
  /// of one run beside the scores of another. @throws Error{kBadFile}.
  void make();

  /// Gives the files their names, and writes a note; nothing if make() made none. @throws Error{kBadFile}.
  void write(Progress& progress);

 private:
  struct Row {
    std::string path;
    std::optional<FramePlace> frame;
  };

  std::string predictions_csv() const;

  std::string folder_;
  std::string prediction_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, std::size_t> place_of_;  ///< of a label
  std::unordered_map<std::string, std::size_t> class_of_;  ///< of a path
  evaluation::Scores scores_;
  std::vector<std::size_t> truth_;
  std::vector<Row> rows_;
  std::optional<base::AtomicFiles> files_;
  std::string note_;
};

/// The report that was asked for, if one was: of everything that `output` is given from now on. Parameters are those of
/// TruthReport. @throws as TruthReport.
std::unique_ptr<TruthReport> watch_for_report(const TruthArguments& arguments, std::span<const std::string> labels,
                                              std::span<const std::string> names, std::string_view source,
                                              std::span<const std::uint64_t> frames, ScoreOutput& output,
                                              Progress& progress);

/// The paths of inputs, as their rows are called.
std::vector<std::string> paths_of(std::span<const embedder::Input> inputs);

}  // namespace mi2::cli
