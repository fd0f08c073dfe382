#include "truth_report.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "adapter/answer_report.hpp"
#include "adapter/report.hpp"
#include "base/csv.hpp"
#include "output.hpp"

namespace mi2::cli {
namespace {

constexpr std::size_t kMaxScores = std::size_t{1} << 27;  ///< 1 GiB

}  // namespace

void add_truth_arguments(CLI::App& command, TruthArguments& arguments) {
  CLI::Option* const truth =
      command.add_option("--truth", arguments.truth, "A CSV that lists images and their labels")->type_name("FILE");
  command.add_option("--truth-column", arguments.options.label_column, "Its column with the label")
      ->type_name("NAME")
      ->needs(truth);
  command.add_option("--split", arguments.options.split, "Only its rows of this split")
      ->type_name("NAME")
      ->needs(truth);
  CLI::Option* const report =
      command.add_option("--report", arguments.report, "Write what the answers are worth into this folder")
          ->type_name("DIR")
          ->needs(truth);
  truth->needs(report);
}

TruthReport::TruthReport(const TruthArguments& arguments, std::span<const std::string> labels,
                         std::span<const std::string> names, std::string_view source,
                         std::span<const std::uint64_t> frames, Progress& progress)
    : folder_(arguments.report),
      prediction_(arguments.prediction),
      labels_(labels.begin(), labels.end()),
      scores_{labels.size(), {}} {
  if (names.empty()) {
    throw Error(Code::kBadArgument, fmt::format("--truth: the rows of {} have no paths to look up; --paths FILE gives "
                                                "them",
                                                source));
  }
  for (std::size_t i = 0; i < labels_.size(); ++i) place_of_.emplace(labels_[i], i);
  const vectors::LabelTable table = vectors::read_path_table(arguments.truth, arguments.options);
  const vectors::Join joined = vectors::join(names, source, table, frames);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!joined.row_of[i]) continue;
    const vectors::LabelRow& row = table.rows[*joined.row_of[i]];
    const auto place = place_of_.find(row.label);
    if (place == place_of_.end()) {
      throw Error(Code::kBadArgument, fmt::format("{}: line {}: its label is not one of the {} labels given",
                                                  table.source, row.line, labels_.size()));
    }
    class_of_.emplace(names[i], place->second);
  }
  if (!joined.unlabelled.empty()) {
    progress.note(fmt::format("{} of {} images have no label in {} and do not count in the report",
                              joined.unlabelled.size(), names.size(), table.source));
  }
}

void TruthReport::add(std::string_view path, const std::optional<FramePlace>& frame,
                      std::span<const LabelScore> scores) {
  const auto found = class_of_.find(std::string(path));
  if (found == class_of_.end()) return;
  const std::size_t start = scores_.values.size();
  if (start + labels_.size() > kMaxScores) {
    throw Error(Code::kTooLarge,
                fmt::format("--report: more than {} scores; expected fewer images or labels", kMaxScores));
  }
  scores_.values.resize(start + labels_.size());
  for (const LabelScore& score : scores) scores_.values[start + place_of_.at(score.label)] = score.score;
  truth_.push_back(found->second);
  rows_.push_back({found->first, frame});
}

std::string TruthReport::predictions_csv() const {
  const bool frames = std::ranges::any_of(rows_, [](const Row& row) { return row.frame.has_value(); });
  std::string text = fmt::format("file_name,{}{},ground_truth_label\n", frames ? "frame," : "", prediction_);
  const std::vector<std::size_t> predicted = evaluation::predictions(scores_);
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    text += base::csv_field(rows_[r].path) + ',';
    if (frames) text += rows_[r].frame ? fmt::format("{},", rows_[r].frame->number) : ",";
    text += fmt::format("{},{}\n", base::csv_field(labels_[predicted[r]]), base::csv_field(labels_[truth_[r]]));
  }
  return text;
}

void TruthReport::make() {
  namespace fs = std::filesystem;
  if (rows_.empty()) return;
  const adapter::AnswerReport report = adapter::make_answer_report(labels_, scores_, truth_);
  const fs::path folder = make_report_folder(folder_);
  base::AtomicFiles& files = files_.emplace();
  files.add(folder / "confusion.svg", adapter::confusion_svg(labels_, report.evaluation.confusion));
  files.add(folder / "predictions.csv", predictions_csv());
  files.add(folder / "report.txt", adapter::to_text(report));
  files.add(folder / "report.json", adapter::to_json(report));
  files.withdraw_old();
  const evaluation::Evaluation& found = report.evaluation;
  note_ = fmt::format("{} images of known label: accuracy {:.4f}, macro F1 {:.4f}, mean AUC {}", found.rows,
                      *found.accuracy.value, found.averages.macro.f1,
                      found.mean_auc.value ? fmt::format("{:.4f}", *found.mean_auc.value) : "-");
}

void TruthReport::write(Progress& progress) {
  if (!files_) return;
  files_->commit();
  progress.note(note_);
}

std::unique_ptr<TruthReport> watch_for_report(const TruthArguments& arguments, std::span<const std::string> labels,
                                              std::span<const std::string> names, std::string_view source,
                                              std::span<const std::uint64_t> frames, ScoreOutput& output,
                                              Progress& progress) {
  if (arguments.truth.empty()) return nullptr;
  auto report = std::make_unique<TruthReport>(arguments, labels, names, source, frames, progress);
  output.watch([&to = *report](std::string_view path, const std::optional<FramePlace>& frame,
                               std::span<const LabelScore> scores) { to.add(path, frame, scores); });
  output.before_commit([&to = *report] { to.make(); });
  return report;
}

std::vector<std::string> paths_of(std::span<const embedder::Input> inputs) {
  std::vector<std::string> paths;
  for (const embedder::Input& input : inputs) paths.push_back(input.path);
  return paths;
}

}  // namespace mi2::cli
