#include "evaluate_dataset.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/table.hpp"
#include "dataset_summary.hpp"
#include "dataset_ways.hpp"
#include "embed_inputs.hpp"
#include "embedded_dataset.hpp"
#include "embedder/inputs.hpp"
#include "evaluate_tables.hpp"
#include "exit_status.hpp"
#include "image/thumbnail.hpp"
#include "irma_errors.hpp"
#include "output.hpp"
#include "report/cases.hpp"
#include "report/render.hpp"
#include "shown_on.hpp"
#include "torch_program.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

bool wants(const DatasetEvaluation& evaluation, std::string_view way) {
  return std::ranges::find(evaluation.ways, way) != evaluation.ways.end();
}

/// The rows of a dataset as mi2 evaluate --labels takes them: ids, labels, splits and people.
base::Table truth_of(const recipe::Prepared& prepared) {
  std::vector<std::string> names{"id", "label", "split"};
  for (const std::string& name : prepared.recipe->attributes) {
    const bool twice = std::ranges::find(names, name) != names.end();
    if (!twice && prepared.rows.find(name)) names.push_back(name);
  }
  // A row that names no patient is of one of its own.
  const auto patient = prepared.rows.find("patient");
  const std::size_t id = prepared.rows.need("id");
  std::string csv;
  for (const std::string& name : names) csv += (csv.empty() ? "" : ",") + base::csv_field(name);
  csv += '\n';
  for (const recipe::Row& row : prepared.rows.all()) {
    for (std::size_t c = 0; c < names.size(); ++c) {
      if (c > 0) csv += ',';
      const std::size_t column = prepared.rows.need(names[c]);
      const bool unnamed = patient == column && row.fields[column].empty();
      csv += base::csv_field(unnamed ? "row " + row.fields[id] : row.fields[column]);
    }
    csv += '\n';
  }
  return base::Table::parse(csv, fmt::format("the rows of {}", prepared.recipe->name));
}

report::Task task_of(recipe::Task task) {
  switch (task) {
    case recipe::Task::kFindings:
      return report::Task::kMany;
    case recipe::Task::kAges:
      return report::Task::kAges;
    default:
      return report::Task::kOne;
  }
}

/// Thumbnails of the rows that are furthest from right; of an image that cannot be shown there is none.
void show_worst(report::Analysis& analysis, const EmbeddedDataset& data, const Embedder& embedder) {
  constexpr int kSide = 160;
  const recipe::Rows& rows = data.prepared.rows;
  const std::size_t id = rows.need("id");
  const std::size_t file = rows.need("file");
  ImageOptions options = embedder.options().image;
  for (report::WorstRow& worst : analysis.worst) {
    const auto row = std::ranges::find(rows.all(), worst.id, [id](const recipe::Row& one) { return one.fields[id]; });
    if (row == rows.all().end()) continue;
    try {
      const std::string& path = row->fields[file];
      const EncodedImage image = embedder.open_image(embedder::read_input(path, options.max_file_bytes), path, options);
      static_cast<void>(image.prepare(0, [&](const ImageView& frame) {
        const std::vector<std::byte> webp = image::thumbnail(frame, kSide);
        worst.thumbnail.assign(reinterpret_cast<const char*>(webp.data()), webp.size());
      }));
    } catch (const Error&) {
      worst.thumbnail.clear();  // it was read once; a page without it is still right
    }
  }
}

report::Analysis judge(Answers answers, const recipe::Prepared& prepared, const DatasetEvaluation& evaluation) {
  report::CaseOptions cases;
  cases.task = task_of(prepared.recipe->task);
  cases.label_column = "label";
  // Images that could not be read, and labels that no training row has, were said and are counted.
  cases.allow_missing = true;
  cases.drop_unscored = true;
  cases.allow_leak = true;
  if (cases.task != report::Task::kAges) cases.probabilities = answers.probabilities;
  const report::Study study =
      report::read_study(std::move(answers.predictions), truth_of(prepared), std::nullopt, cases);
  Progress bar(0, "");
  bar.begin("evaluating");
  report::Analysis analysis = report::analyse(study, evaluation.analysis, shown_on(bar));
  analysis.source = fmt::format("{}: {} ({})", prepared.recipe->title, answers.title, answers.scores);
  analysis.compute = "energy and CO2 of the whole evaluation: evaluation.json and report.html in the folder above";
  if (prepared.leaks.in_several > 0) {
    analysis.warnings.push_back(fmt::format("{} of {} {}s have images in more than one split",
                                            prepared.leaks.in_several, prepared.leaks.groups, prepared.leaks.column));
  }
  for (const std::string& warning : analysis.warnings) bar.warn(fmt::format("{}: warning: {}", answers.key, warning));
  return analysis;
}

/// The ways that were asked for and could be gone, each with its report written.
class Ways {
 public:
  /// @throws as IrmaErrors, of a recipe that has them.
  Ways(const DatasetEvaluation& evaluation, const recipe::Prepared& prepared)
      : evaluation_(evaluation), prepared_(prepared), notes_(0, "") {
    if (prepared.recipe->irma_errors) irma_.emplace(prepared);
  }

  /// One way that cannot be gone does not take the others' reports away. @returns whether it could.
  bool go(std::string_view way, const std::function<Line()>& answer) {
    try {
      lines_.push_back(answer());
      return true;
    } catch (const Error& error) {
      if (evaluation_.ways.size() == 1 && lines_.empty()) throw;
      notes_.warn(fmt::format("warning: {}: {}: left out", way, error.what()));
      return false;
    }
  }

  /// Judges answers, and writes their report.
  [[nodiscard]] Line finish(std::optional<Answers> answers, const EmbeddedDataset& data,
                            const Embedder& embedder) const {
    if (!answers) throw Error(Code::kBadArgument, "too few images or labels in the training split");
    const std::string key = answers->key;
    const std::string title = answers->title;
    std::optional<report::IrmaResult> codes;
    if (irma_) codes = irma_->judge(*answers, evaluation_.analysis);
    report::Analysis analysis = judge(std::move(*answers), prepared_, evaluation_);
    if (evaluation_.thumbnails) show_worst(analysis, data, embedder);
    write_report((fs::path(evaluation_.out) / key).string(), analysis);
    Line line{key, title, {analysis.figures.front()}, {}, analysis.rows, {}};
    const auto accuracy = std::ranges::find(analysis.figures, "accuracy", &report::NamedFigure::key);
    if (accuracy != analysis.figures.end() && accuracy != analysis.figures.begin()) line.figures.push_back(*accuracy);
    for (const report::LabelResult& label : analysis.label_results)
      line.labels.emplace_back(label.label, label.auc.figure);
    if (codes) {
      write_irma(fs::path(evaluation_.out) / key, *codes);
      evaluation::Figure sum;
      sum.value = codes->sum;
      line.figures.push_back({"irma_error_sum", "sum of IRMA errors", std::move(sum), ""});
      line.figures.push_back({"irma_error_mean", "mean IRMA error", codes->mean, "bootstrap"});
    }
    return line;
  }

  void warn(std::string_view text) { notes_.warn(text); }
  [[nodiscard]] std::vector<Line>& lines() noexcept { return lines_; }

 private:
  const DatasetEvaluation& evaluation_;
  const recipe::Prepared& prepared_;
  Progress notes_;
  std::optional<IrmaErrors> irma_;
  std::vector<Line> lines_;
};

/// The ways that ask the model as it is.
void go_ways(Ways& ways, const DatasetEvaluation& evaluation, const EmbeddedDataset& data, const Embedder& embedder) {
  const auto finish = [&](std::optional<Answers> answers) { return ways.finish(std::move(answers), data, embedder); };
  if (wants(evaluation, "zero-shot")) ways.go("zero-shot", [&] { return finish(answer_by_texts(data, embedder)); });
  for (const std::size_t k : {std::size_t{64}, std::size_t{5}}) {
    if (!wants(evaluation, "knn")) continue;
    ways.go(fmt::format("knn-{}", k), [&] { return finish(answer_by_neighbours(data, k)); });
  }
  if (wants(evaluation, "probe") && !links_torch()) {
    ways.warn("warning: probe: needs a program built with libtorch: left out");
  } else if (wants(evaluation, "probe")) {
    ways.go("probe", [&] {
      Progress bar(0, "");
      bar.begin("fitting");
      return finish(answer_by_probe(data, shown_on(bar)));
    });
  }
}

/// What to fine-tune on; nothing if that is not asked for, or is left out since the dataset has no such rows.
std::optional<recipe::TrainingRows> rows_to_tune(Ways& ways, const DatasetEvaluation& evaluation,
                                                 const recipe::Prepared& prepared) {
  if (!wants(evaluation, kFineTune)) return std::nullopt;
  try {
    return recipe::training_rows(prepared);
  } catch (const Error& error) {
    if (evaluation.ways.size() == 1) throw;
    ways.warn(fmt::format("warning: {}: {}: left out", kFineTune, error.what()));
    return std::nullopt;
  }
}

/// Trains, and asks the model that was best on val as zero-shot does. @returns the exit status.
int go_tuned(Ways& ways, const DatasetEvaluation& evaluation, const recipe::Prepared& prepared, FineTuning& tuning) {
  int status = 0;
  const bool gone = ways.go(kFineTune, [&] {
    ModelArguments model = evaluation.model;
    model.model = tuning.run().string();
    Progress progress(0, "");
    const Embedder embedder = open_embedder(model, progress);
    const Embedding made = embed_dataset(prepared, model, embedder, evaluation.cache, false);
    status = made.status;
    Answers answers = answer_by_texts(made.data, embedder);
    answers.key = kFineTune;
    answers.title = "Fine-tuned on the training split: the nearest text";
    Line line = ways.finish(std::move(answers), made.data, embedder);
    line.training = tuning.report();
    line.training["weights_sha256"] = embedder.provenance().weights_sha256;
    return line;
  });
  return gone ? status : kExitPartial;
}

void need_labels(const recipe::Recipe& recipe) {
  if (recipe.task != recipe::Task::kCaptions) return;
  throw Error(Code::kUnsupported,
              fmt::format("{} has texts in place of labels; expected a dataset with labels", recipe.name));
}

void need_model(const DatasetEvaluation& evaluation) {
  if (evaluation.model.model.empty()) throw Error(Code::kBadArgument, "evaluate: expected --model DIR");
  if (evaluation.dataset.options.root.empty()) throw Error(Code::kBadArgument, "evaluate: expected --root DIR");
}

void print_answer(const std::string& text) {
  const auto output = open_output("-");
  output->write(text);
  output->commit();
}

/// Settings of mi2 train have keys in capitals; those of recipes have not.
bool is_of_training(std::string_view setting) { return !setting.empty() && setting[0] >= 'A' && setting[0] <= 'Z'; }

/// Divides --set among the recipe and mi2 train.
void sort_settings(DatasetEvaluation& evaluation) {
  std::vector<std::string>& all = evaluation.dataset.settings;
  std::ranges::copy_if(all, std::back_inserter(evaluation.tuning.settings), is_of_training);
  std::erase_if(all, is_of_training);
  if (wants(evaluation, kFineTune)) return;
  if (!evaluation.tuning.settings.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("--set {}: a key in capitals is one of training; expected --ways with {}",
                            evaluation.tuning.settings.front(), kFineTune));
  }
  if (evaluation.tuning.resume) {
    throw Error(Code::kBadArgument, fmt::format("--resume: is of training; expected --ways with {}", kFineTune));
  }
}

/// @param embedder  opened here, unless an earlier dataset has done so.
EvaluatedDataset evaluate_one(DatasetEvaluation& evaluation, const recipe::Recipe& recipe,
                              std::optional<Embedder>& embedder) {
  const fs::path folder = evaluation.out;
  if (evaluation.cache.empty()) evaluation.cache = (folder / "cache").string();
  refuse_inside(evaluation.cache, evaluation.dataset.options.root, "--cache");
  energy::EnergyMeter meter(meter_options(evaluation.energy));
  const recipe::Prepared prepared = prepare_dataset(recipe, evaluation.dataset, folder / "dataset");
  write_dataset(folder / "dataset", prepared);
  Ways ways(evaluation, prepared);
  Progress progress(0, "");
  if (!embedder) embedder.emplace(open_embedder(evaluation.model, progress));
  std::optional<FineTuning> tuning;
  if (auto rows = rows_to_tune(ways, evaluation, prepared)) {
    tuning.emplace(recipe, std::move(*rows), evaluation.model, embedder->provenance().weights_sha256,
                   folder / kFineTune, evaluation.tuning);
  }
  EvaluatedDataset found = evaluated_of(prepared);
  std::size_t before = 0;  // images that an earlier run embedded, of all
  std::size_t all = 0;
  if (!tuning || evaluation.ways.size() > 1) {
    // The training images answer for neighbours and probe alone.
    const bool with_train = wants(evaluation, "knn") || wants(evaluation, "probe");
    const Embedding made = embed_dataset(prepared, evaluation.model, *embedder, evaluation.cache, with_train);
    found.status = made.status;
    before = made.cached;
    all = made.cached + made.computed;
    go_ways(ways, evaluation, made.data, *embedder);
  }
  if (tuning) found.status = std::max(found.status, go_tuned(ways, evaluation, prepared, *tuning));
  found.lines = std::move(ways.lines());
  if (found.lines.empty())
    throw Error(Code::kBadArgument, fmt::format("{}: none of the ways could be evaluated", recipe.name));
  found.energy = meter.account();
  if (before > 0)
    found.energy.notes.push_back(fmt::format("{} of {} images, which an earlier run embedded", before, all));
  if (tuning && tuning->began_earlier()) {
    found.energy.notes.push_back("what earlier runs of the fine-tuning took, which report.json of its folder has");
  }
  progress.note(fmt::format("energy: {}", energy::summary(found.energy)));
  base::AtomicFiles files;
  files.add(folder / "evaluation.json", summary_json(found, embedder->provenance()));
  files.add(folder / "report.html", summary_html(found));
  files.commit();
  return found;
}

}  // namespace

int evaluate_dataset(DatasetEvaluation& evaluation) {
  std::optional<recipe::Recipe> own;
  const recipe::Recipe& recipe = chosen_recipe(evaluation.name, evaluation.recipe, own);
  need_labels(recipe);
  need_model(evaluation);
  sort_settings(evaluation);
  std::optional<Embedder> embedder;
  const EvaluatedDataset found = evaluate_one(evaluation, recipe, embedder);
  print_answer(summary_text(found));
  return found.status;
}

int evaluate_all(DatasetEvaluation& evaluation) {
  need_model(evaluation);
  sort_settings(evaluation);
  if (!evaluation.dataset.options.protocol.empty() || !evaluation.dataset.settings.empty()) {
    throw Error(Code::kBadArgument, "evaluate --all: --protocol and --set are of one dataset; expected its NAME");
  }
  if (!evaluation.name.empty() || !evaluation.recipe.empty()) {
    throw Error(Code::kBadArgument, "evaluate: --all is of every dataset; expected no NAME and no --recipe");
  }
  static_cast<void>(meter_options(evaluation.energy));  // what is wrong with it is not each dataset's fault
  const fs::path folder = evaluation.out;
  if (evaluation.cache.empty()) evaluation.cache = (folder / "cache").string();
  for (const auto& [name, recipe] : recipe::built_in_recipes()) {
    refuse_inside(folder, evaluation.dataset.options.root / name, "--out");
    refuse_inside(evaluation.cache, evaluation.dataset.options.root / name, "--cache");
  }
  make_report_folder(folder.string());
  std::vector<EvaluatedDataset> all;
  std::vector<std::string> absent;
  std::optional<Embedder> embedder;
  Progress notes(0, "");
  int status = 0;
  for (const auto& [name, recipe] : recipe::built_in_recipes()) {
    if (recipe.benchmarks.empty() || recipe.task == recipe::Task::kCaptions) continue;
    DatasetEvaluation one = evaluation;
    one.dataset.options.root = evaluation.dataset.options.root / name;
    one.out = (folder / name).string();
    std::error_code ignored;
    if (!fs::is_directory(one.dataset.options.root, ignored)) {
      absent.push_back(name);
      continue;
    }
    notes.note(fmt::format("{}: {}", name, recipe.title));
    try {
      all.push_back(evaluate_one(one, recipe, embedder));
      status = std::max(status, all.back().status);
    } catch (const Error& error) {
      // The others are still evaluated; what is wrong with this one is said, here and in the table.
      notes.warn(fmt::format("warning: {}: {}", name, error.what()));
      absent.push_back(fmt::format("{} ({})", name, error.what()));
      status = kExitPartial;
    }
  }
  if (all.empty()) {
    throw Error(Code::kNotFound,
                fmt::format("{}: no folder there is a dataset that could be evaluated; expected folders "
                            "such as isic2019, called as mi2 dataset list has them",
                            evaluation.dataset.options.root.string()));
  }
  base::AtomicFiles files;
  files.add(folder / "evaluation.json", table_json(all, absent));
  files.add(folder / "report.html", table_html(all, absent));
  files.commit();
  print_answer(table_text(all, absent));
  return status;
}

}  // namespace mi2::cli
