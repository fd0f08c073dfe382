// mi2 adapter train: from embeddings and labels to an adapter and a report.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapter/adapter_files.hpp"
#include "adapter/report.hpp"
#include "adapter/target_report.hpp"
#include "adapter/training.hpp"
#include "adapter/zero_shot_baseline.hpp"
#include "adapter_command.hpp"
#include "arguments.hpp"
#include "base/files.hpp"
#include "choices.hpp"
#include "devices.hpp"
#include "inputs.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "training_rows.hpp"
#include "vector_arguments.hpp"

namespace mi2::cli {
namespace {

struct TrainArguments {
  const CLI::Option* embeddings = nullptr;
  LabelTableArguments labels;
  SplitTables splits;
  std::string classes;
  std::string kind = "linear";
  std::string target = "label";
  std::string ties = "efron";
  adapter::TrainOptions options;
  std::string out;
  bool force = false;
  std::string report;
  std::string format = "table";
  evaluation::BootstrapOptions bootstrap;
  std::string zero_shot;
  std::string model;
  std::filesystem::path lora;
  Device device;
  std::string prompts;
};

constexpr std::string_view kAdapterTrainHelp = R"(Adapters:
  linear  logistic regression with an L2 penalty, to convergence; --c as in scikit-learn
  mlp     the adapter of Microsoft's healthcareai toolkit, AdamW on cross entropy; the
          epoch with the best mean AUC on the validation rows is kept

What the label's column has (--target):
  label     one label each (the default)
  findings  several, with '|' between, or none: every label is judged on its own
  number    a number, such as an age in months (--labels-column): least absolute error
  ordinal   a number of which there are few, such as a grade: proportional odds, --kind linear
  survival  a time, and --event COLUMN, 1 where the event was then and 0 where it was not
            until then: Cox's regression
  adapter classify gives findings and ordinal labels their scores, adapter predict the number,
  the expected ordinal label or the log hazard.

Which rows are for what:
  train and val rows make the adapter, test rows evaluate it. Temperature and thresholds
  (Youden's J; sensitivity 0.90) come from rows the adapter has not seen: the val rows; if
  there are none, linear uses five-fold cross-validation of the train rows, and mlp holds
  --validation of them out. Without test rows, the same rows evaluate it. The split is a column
  of --labels, or --val-labels and --test-labels are tables of their own, with the same columns.

  Rows of one patient are held out together, where a column says whose they are: the folds of
  scikit-learn's StratifiedGroupKFold, or those of --fold COLUMN; and intervals are by patient.
  Without one, rows that are nearly equal to others they are judged with are warned of, as are
  patients who are in more than one split.

Output:
  NAME.safetensors and NAME.json; a summary on standard output (--format json: the whole
  report). --report DIR writes report.html, report.json, roc.svg, confusion.svg,
  calibration.svg and rows.csv, which has the part and the fold of each row.

  Beside accuracy, AUC and their intervals: precision, recall and F1 of each label, macro and
  micro; Matthews' correlation; and each label's threshold of best F1 (0, 0.05, .. 0.95; of
  equals the largest), chosen where the other thresholds are.

Compared with classification without training, on the same rows:
  --zero-shot FILE   what mi2 classify --format jsonl wrote, with all labels
  --model DIR        or: the model that made the embeddings, to embed the labels' texts
  --prompts FILE     a CSV with label,prompt: the prompt of each label

Examples:
  mi2 embed --model DIR --provenance --out e.jsonl images/
  mi2 adapter train --embeddings e.jsonl --labels labels.csv --out lesions --report report
  mi2 adapter train --embeddings train.jsonl --embeddings test.jsonl --labels train.csv \
      --test-labels test.csv --out lesions
  mi2 adapter train --embeddings e.jsonl --labels labels.csv --out lesions --kind mlp \
      --classes benign,malignant --model DIR --prompts prompts.csv
)";

/// Zero-shot probabilities of the evaluated rows, if they were asked for.
std::optional<evaluation::Scores> zero_shot_of(const TrainArguments& arguments, const vectors::VectorTable& table,
                                               const adapter::TrainingSet& set, const adapter::Evaluated& evaluated,
                                               Progress& progress) {
  if (arguments.zero_shot.empty() && arguments.model.empty()) return std::nullopt;
  const std::vector<std::string> prompts =
      arguments.prompts.empty() ? set.labels : adapter::read_prompts(arguments.prompts, set.labels);
  if (!arguments.zero_shot.empty()) {
    if (table.names.empty()) {
      throw Error(Code::kBadArgument, "--zero-shot: the embeddings have no paths to look up; --paths FILE gives them");
    }
    std::vector<std::string> names;
    for (const std::size_t id : evaluated.ids) names.push_back(table.names[id]);
    return adapter::scores_of(adapter::read_scores(arguments.zero_shot), names, prompts);
  }
  EmbedderOptions options;
  options.threads = arguments.options.fit.threads;
  options.device = arguments.device;
  options.lora = arguments.lora;
  const Embedder embedder = Embedder::open(arguments.model, options);
  note_device(arguments.device, embedder, progress);
  if (table.provenance) check_origin(embedder.provenance(), table.provenance, "the file", progress);
  return adapter::zero_shot_scores(embedder, prompts, table.vectors, evaluated.ids);
}

/// Written, but not yet under their names.
/// @param parts  of parts_csv().
void add_report(base::AtomicFiles& files, const std::string& name, const adapter::AdapterReport& report,
                const std::string& parts) {
  const std::filesystem::path folder = make_report_folder(name);
  files.add(folder / "roc.svg", adapter::roc_svg(report));
  files.add(folder / "confusion.svg", adapter::confusion_svg(report.adapter.labels, report.evaluation.confusion));
  files.add(folder / "calibration.svg", adapter::reliability_svg(report));
  files.add(folder / "rows.csv", parts);
  files.add(folder / "report.json", adapter::to_json(report));
  files.add(folder / "report.html", adapter::to_html(report));
}

/// As above, of a report of another target than one label.
void add_report(base::AtomicFiles& files, const std::string& name, const adapter::TargetReport& report,
                const std::string& parts) {
  const std::filesystem::path folder = make_report_folder(name);
  files.add(folder / "rows.csv", parts);
  files.add(folder / "report.json", adapter::to_json(report));
  files.add(folder / "report.html", adapter::to_html(report));
}

adapter::TrainedAdapter train_with_bar(const adapter::TrainingSet& set, const adapter::TrainOptions& options) {
  Progress bar(0, "");
  bar.begin("fitting");
  return adapter::train_adapter(set, options, [&](const base::Progress& at) {
    bar.show(at);
    throw_if_interrupted();
  });
}

/// What the options of a target do not go with.
void check_target(TrainArguments& arguments, adapter::Target target) {
  vectors::LabelOptions& options = arguments.labels.options;
  options.may_be_empty = target == adapter::Target::kFindings;
  if ((target == adapter::Target::kSurvival) != !options.event_column.empty()) {
    throw Error(Code::kBadArgument, target == adapter::Target::kSurvival
                                        ? "--target survival: expected --event COLUMN, which says who had the event"
                                        : "--event: expected --target survival");
  }
  if (target == adapter::Target::kLabel) return;
  if (target == adapter::Target::kOrdinal && arguments.kind != "linear") {
    throw Error(Code::kBadArgument, fmt::format("--target ordinal: expected --kind linear, got {}", arguments.kind));
  }
  if (!arguments.zero_shot.empty() || !arguments.model.empty()) {
    throw Error(Code::kBadArgument, "--zero-shot, --model: expected --target label; mi2 evaluate judges other scores");
  }
  if (arguments.options.fit.balanced && target != adapter::Target::kFindings) {
    throw Error(Code::kBadArgument, "--balanced: expected --target label or findings");
  }
}

/// Warns, writes the adapter with its report and prints what it is worth.
template <typename Report>
void finish(const TrainArguments& arguments, const Report& report, const adapter::TrainedAdapter& trained,
            const std::string& parts, Progress& progress) {
  throw_if_interrupted();
  for (const std::string& warning : report.warnings) progress.warn(fmt::format("warning: {}", warning));
  base::AtomicFiles files;
  if (!arguments.report.empty()) add_report(files, arguments.report, report, parts);
  // A kill must not leave the report of one adapter beside another.
  trained.adapter.save(adapter::stem_of(arguments.out), [&] { files.withdraw_old(); });
  files.commit();
  progress.rest();
  const auto output = open_output("-");
  output->write(arguments.format == "json" ? adapter::to_json(report) : adapter::to_text(report));
  output->commit();
}

int train(TrainArguments& arguments) {
  catch_interrupts();
  const adapter::Target target = adapter::parse_target(arguments.target);
  check_target(arguments, target);
  arguments.options.fit.breslow = arguments.ties == "breslow";
  check_adapter_is_new(arguments.out, arguments.force);
  arguments.options.kind = adapter::parse_kind(arguments.kind);
  arguments.bootstrap.seed = arguments.options.fit.seed;
  Progress progress(0, "");
  progress.begin("reading the embeddings");
  const vectors::VectorTable table = read_all_embeddings(values_of(arguments.embeddings), arguments.labels.paths);
  const auto rows = label_rows(table, arguments.labels, arguments.splits, progress);
  const bool folds = !arguments.labels.options.fold_column.empty();
  const adapter::TrainingSet set = training_set(table, rows, target, arguments.classes, folds, progress);
  if (folds && (set.validation.rows() > 0 || arguments.options.kind == adapter::AdapterKind::kMlp)) {
    throw Error(Code::kBadArgument, "--fold: expected --kind linear and no val rows, which take the place of folds");
  }
  progress.rest();
  const adapter::TrainedAdapter trained = train_with_bar(set, arguments.options);
  progress.begin("evaluating");
  const std::string parts = parts_csv(table, set, trained);
  if (target == adapter::Target::kLabel) {
    const auto zero_shot = zero_shot_of(arguments, table, set, trained.evaluation, progress);
    finish(arguments, adapter::make_report(trained, zero_shot, arguments.bootstrap), trained, parts, progress);
  } else {
    finish(arguments, adapter::make_target_report(trained, arguments.bootstrap), trained, parts, progress);
  }
  return 0;
}

void add_fit_arguments(CLI::App& command, TrainArguments& arguments) {
  adapter::TrainOptions& options = arguments.options;
  const auto positive = number_in(1e-12, 1e12);
  command.add_option("--kind", arguments.kind, "What the adapter is made of, see below")
      ->type_name("linear|mlp")
      ->transform(one_of({"linear", "mlp"}))
      ->capture_default_str();
  command.add_option("--target", arguments.target, "What the label's column has, see below")
      ->type_name("label|findings|number|ordinal|survival")
      ->transform(one_of({"label", "findings", "number", "ordinal", "survival"}))
      ->capture_default_str();
  command.add_option("--event", arguments.labels.options.event_column, "survival: the column that says 1 or 0")
      ->type_name("COLUMN");
  command.add_option("--ties", arguments.ties, "survival: how events of one time are counted")
      ->type_name("efron|breslow")
      ->transform(one_of({"efron", "breslow"}))
      ->capture_default_str();
  command.add_option("--c", options.fit.c, "linear: inverse strength of the penalty")
      ->type_name("C")
      ->check(positive)
      ->capture_default_str();
  command.add_option("--hidden-dim", options.hidden_dim, "mlp: width of the last layers, 1 to 65536")
      ->type_name("N")
      ->transform(whole_number_in(1, 65536))
      ->capture_default_str();
  command.add_option("--learning-rate", options.fit.learning_rate, "mlp: learning rate of AdamW")
      ->type_name("RATE")
      ->check(positive)
      ->capture_default_str();
  command.add_option("--weight-decay", options.fit.weight_decay, "mlp: weight decay of AdamW")
      ->type_name("RATE")
      ->check(number_in(0.0, 1e6))
      ->capture_default_str();
  command.add_option("--batch", options.fit.batch, "mlp: rows per step")
      ->type_name("N")
      ->transform(whole_number_in(1, 1 << 20))
      ->capture_default_str();
  command.add_option("--epochs", options.fit.epochs, "mlp: passes over the training rows, at most")
      ->type_name("N")
      ->transform(whole_number_in(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--patience", options.fit.patience, "mlp: stop after this many epochs without improvement")
      ->type_name("N")
      ->transform(whole_number_in(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--validation", options.validation_share, "mlp: share of train rows held out if none are val")
      ->type_name("SHARE")
      ->check(number_in(0.01, 0.9))
      ->capture_default_str();
  command.add_flag("--balanced", options.fit.balanced,
                   "Rows of rare labels weigh more, so that all labels weigh alike");
  command.add_flag("--standardize", options.standardize, "Each dimension to mean 0 and deviation 1 first");
  command.add_option("--seed", options.fit.seed, "Random seed")
      ->type_name("N")
      ->transform(any_whole_number())
      ->capture_default_str();
  command.add_option("--threads", options.fit.threads, "Threads to compute with (default: one per core)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
}

void add_report_arguments(CLI::App& command, TrainArguments& arguments) {
  command.add_option("--report", arguments.report, "Write the report and its figures into this folder")
      ->type_name("DIR");
  command.add_option("-f,--format", arguments.format, "How the summary is written")
      ->type_name("table|json")
      ->transform(one_of({"table", "json"}))
      ->capture_default_str();
  command.add_option("--bootstrap", arguments.bootstrap.samples, "Samples that intervals come from; 0: no intervals")
      ->type_name("N")
      ->transform(whole_number_in(0, 1'000'000))
      ->capture_default_str();
  command.add_option("--level", arguments.bootstrap.level, "Confidence level of the intervals")
      ->type_name("SHARE")
      ->check(number_in(0.01, 0.999))
      ->capture_default_str();
  CLI::Option* const scores =
      command.add_option("--zero-shot", arguments.zero_shot, "Compare with these scores")->type_name("FILE");
  CLI::Option* const model =
      command.add_option("-m,--model", arguments.model, "Compare with this model's texts of the labels")
          ->type_name("DIR|FILE")
          ->excludes(scores);
  add_lora(command, arguments.lora)->needs(model);
  add_device(command, arguments.device);
  command.add_option("--prompts", arguments.prompts, "The prompt of each label")->type_name("FILE");
}

}  // namespace

void add_adapter_train(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<TrainArguments>();
  arguments->embeddings =
      add_repeatable(command, "--embeddings", "What mi2 embed wrote: jsonl, csv or npy; may be given again")
          ->type_name("FILE")
          ->required();
  add_label_table_arguments(command, arguments->labels);
  command.add_option("--fold", arguments->labels.options.fold_column, "linear: the column of the train rows' folds")
      ->type_name("COLUMN");
  command.add_option("--val-labels", arguments->splits.validation, "A CSV as --labels, of the val rows alone")
      ->type_name("FILE");
  command.add_option("--test-labels", arguments->splits.test, "A CSV as --labels, of the test rows alone")
      ->type_name("FILE");
  command.add_option("--classes", arguments->classes, "Only rows of these labels, separated by commas")
      ->type_name("A,B,C");
  command.add_option("-o,--out", arguments->out, "Write NAME.safetensors and NAME.json")->type_name("NAME")->required();
  command.add_flag("--force", arguments->force, "Replace an adapter that already exists");
  add_fit_arguments(command, *arguments);
  add_report_arguments(command, *arguments);
  command.footer(fmt::format("{}\n{}\n{}", kVectorHelp, kAdapterTrainHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = true;
    session.run = [arguments] { return train(*arguments); };
  });
}

}  // namespace mi2::cli
