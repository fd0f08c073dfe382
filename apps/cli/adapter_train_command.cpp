// mi2 adapter train: from embeddings and labels to an adapter and a report.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapter/adapter_files.hpp"
#include "adapter/report.hpp"
#include "adapter/training.hpp"
#include "adapter/zero_shot_baseline.hpp"
#include "adapter_command.hpp"
#include "arguments.hpp"
#include "choices.hpp"
#include "devices.hpp"
#include "inputs.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "vector_arguments.hpp"

namespace mi2::cli {
namespace {

struct TrainArguments {
  std::string embeddings;
  LabelTableArguments labels;
  std::string classes;
  std::string kind = "linear";
  adapter::TrainOptions options;
  std::string out;
  bool force = false;
  std::string report;
  std::string format = "table";
  evaluation::BootstrapOptions bootstrap;
  std::string zero_shot;
  std::string model;
  Device device;
  std::string prompts;
};

constexpr std::string_view kAdapterTrainHelp = R"(Adapters:
  linear  logistic regression with an L2 penalty, to convergence; --c as in scikit-learn
  mlp     the adapter of Microsoft's healthcareai toolkit, AdamW on cross entropy; the
          epoch with the best mean AUC on the validation rows is kept

Which rows are for what:
  train and val rows make the adapter, test rows evaluate it. Temperature and thresholds
  (Youden's J; sensitivity 0.90) come from rows the adapter has not seen: the val rows; if
  there are none, linear uses five-fold cross-validation of the train rows, and mlp holds
  --validation of them out. Without test rows, the same rows evaluate it.

Output:
  NAME.safetensors and NAME.json; a summary on standard output (--format json: the whole
  report). --report DIR writes report.html, report.json, roc.svg, confusion.svg and
  calibration.svg.

Compared with classification without training, on the same rows:
  --zero-shot FILE   what mi2 classify --format jsonl wrote, with all labels
  --model DIR        or: the model that made the embeddings, to embed the labels' texts
  --prompts FILE     a CSV with label,prompt: the prompt of each label

Examples:
  mi2 embed --model DIR --provenance --out e.jsonl images/
  mi2 adapter train --embeddings e.jsonl --labels labels.csv --out lesions --report report
  mi2 adapter train --embeddings e.jsonl --labels labels.csv --out lesions --kind mlp \
      --classes benign,malignant --model DIR --prompts prompts.csv
)";

/// The labels in the order the adapter has them: as --classes says, else those of the training rows, sorted.
std::vector<std::string> labels_of(const vectors::LabelTable& table, const vectors::Join& joined,
                                   const std::string& classes) {
  std::set<std::string> found;
  for (const auto& row : joined.row_of) {
    if (!row) continue;
    const vectors::LabelRow& label = table.rows[*row];
    if (!label.split || *label.split == vectors::Split::kTrain) found.insert(label.label);
  }
  if (classes.empty()) return {found.begin(), found.end()};
  std::vector<std::string> chosen = split_labels(classes);
  for (const std::string& label : chosen) {
    if (!found.contains(label)) {
      throw Error(Code::kBadArgument, fmt::format("--classes: '{}' labels no training row of {}", label, table.source));
    }
  }
  return chosen;
}

adapter::Samples& samples_for(adapter::TrainingSet& set, const std::optional<vectors::Split>& split) {
  if (split == vectors::Split::kValidation) return set.validation;
  return split == vectors::Split::kTest ? set.test : set.train;
}

adapter::TrainingSet training_set(const vectors::VectorTable& table, const vectors::LabelTable& labels,
                                  const vectors::Join& joined, const std::string& classes, Progress& progress) {
  std::size_t set_aside = 0;
  adapter::TrainingSet set;
  set.labels = labels_of(labels, joined, classes);
  set.provenance = table.provenance;
  for (adapter::Samples* samples : {&set.train, &set.validation, &set.test}) {
    samples->vectors = EmbeddingMatrix(0, table.vectors.dimensions());
  }
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    if (!joined.row_of[r]) continue;
    const vectors::LabelRow& row = labels.rows[*joined.row_of[r]];
    if (row.split == vectors::Split::kOther) {
      ++set_aside;
      continue;
    }
    const auto label = std::find(set.labels.begin(), set.labels.end(), row.label);
    if (label == set.labels.end() && !classes.empty()) continue;
    if (label == set.labels.end()) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: line {}: its label is on no training row", labels.source, row.line));
    }
    samples_for(set, row.split).add(table.vectors.row(r), static_cast<std::size_t>(label - set.labels.begin()), r);
  }
  if (set_aside > 0) {
    progress.note(fmt::format("{} rows are of a split other than train, val and test and do not count", set_aside));
  }
  return set;
}

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
  const Embedder embedder = Embedder::open(arguments.model, options);
  note_device(arguments.device, embedder, progress);
  if (table.provenance) check_origin(embedder.provenance(), table.provenance, "the file", progress);
  return adapter::zero_shot_scores(embedder, prompts, table.vectors, evaluated.ids);
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  const auto output = open_output(path.string());
  output->write(content);
  output->commit();
}

void write_report(const std::string& folder, const adapter::AdapterReport& report) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be made: {}", folder, error.message()));
  write_file(fs::path(folder) / "roc.svg", adapter::roc_svg(report));
  write_file(fs::path(folder) / "confusion.svg", adapter::confusion_svg(report));
  write_file(fs::path(folder) / "calibration.svg", adapter::reliability_svg(report));
  write_file(fs::path(folder) / "report.json", adapter::to_json(report));
  write_file(fs::path(folder) / "report.html", adapter::to_html(report));
}

adapter::TrainedAdapter train_with_bar(const adapter::TrainingSet& set, const adapter::TrainOptions& options) {
  Progress bar(0, "");
  return adapter::train_adapter(set, options, [&](const base::Progress& at) {
    bar.show(at);
    throw_if_interrupted();
  });
}

int train(TrainArguments& arguments) {
  catch_interrupts();
  check_adapter_is_new(arguments.out, arguments.force);
  arguments.options.kind = adapter::parse_kind(arguments.kind);
  arguments.bootstrap.seed = arguments.options.fit.seed;
  Progress progress(0, "");
  const vectors::LabelTable labels = vectors::read_label_table(arguments.labels.labels, arguments.labels.options);
  const vectors::VectorTable table = read_embeddings(arguments.embeddings, arguments.labels.paths);
  const vectors::Join joined = join_and_report(table, labels, progress);
  const adapter::TrainingSet set = training_set(table, labels, joined, arguments.classes, progress);
  const adapter::TrainedAdapter trained = train_with_bar(set, arguments.options);
  const auto zero_shot = zero_shot_of(arguments, table, set, trained.evaluation, progress);
  const adapter::AdapterReport report = adapter::make_report(trained, zero_shot, arguments.bootstrap);
  throw_if_interrupted();
  for (const std::string& warning : report.warnings) progress.warn(fmt::format("warning: {}", warning));
  trained.adapter.save(adapter::stem_of(arguments.out));
  if (!arguments.report.empty()) write_report(arguments.report, report);
  const auto output = open_output("-");
  output->write(arguments.format == "json" ? adapter::to_json(report) : adapter::to_text(report));
  output->commit();
  return 0;
}

void add_fit_arguments(CLI::App& command, TrainArguments& arguments) {
  adapter::TrainOptions& options = arguments.options;
  const auto positive = CLI::Range(1e-12, 1e12).description("");
  command.add_option("--kind", arguments.kind, "What the adapter is made of, see below")
      ->type_name("linear|mlp")
      ->transform(one_of({"linear", "mlp"}))
      ->capture_default_str();
  command.add_option("--c", options.fit.c, "linear: inverse strength of the penalty")
      ->type_name("C")
      ->check(positive)
      ->capture_default_str();
  command.add_option("--hidden-dim", options.hidden_dim, "mlp: width of the last layers, 1 to 65536")
      ->type_name("N")
      ->check(CLI::Range(1, 65536).description(""))
      ->capture_default_str();
  command.add_option("--learning-rate", options.fit.learning_rate, "mlp: learning rate of AdamW")
      ->type_name("RATE")
      ->check(positive)
      ->capture_default_str();
  command.add_option("--weight-decay", options.fit.weight_decay, "mlp: weight decay of AdamW")
      ->type_name("RATE")
      ->check(CLI::Range(0.0, 1e6).description(""))
      ->capture_default_str();
  command.add_option("--batch", options.fit.batch, "mlp: rows per step")
      ->type_name("N")
      ->check(CLI::Range(1U, 1U << 20).description(""))
      ->capture_default_str();
  command.add_option("--epochs", options.fit.epochs, "mlp: passes over the training rows, at most")
      ->type_name("N")
      ->check(CLI::Range(1U, 1'000'000U).description(""))
      ->capture_default_str();
  command.add_option("--patience", options.fit.patience, "mlp: stop after this many epochs without improvement")
      ->type_name("N")
      ->check(CLI::Range(1U, 1'000'000U).description(""))
      ->capture_default_str();
  command.add_option("--validation", options.validation_share, "mlp: share of train rows held out if none are val")
      ->type_name("SHARE")
      ->check(CLI::Range(0.01, 0.9).description(""))
      ->capture_default_str();
  command.add_flag("--balanced", options.fit.balanced,
                   "Rows of rare labels weigh more, so that all labels weigh alike");
  command.add_flag("--standardize", options.standardize, "Each dimension to mean 0 and deviation 1 first");
  command.add_option("--seed", options.fit.seed, "Random seed")->type_name("N")->capture_default_str();
  command.add_option("--threads", options.fit.threads, "Threads to compute with (default: one per core)")
      ->type_name("N")
      ->check(CLI::Range(1U, 1024U).description(""));
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
      ->check(CLI::Range(0U, 1'000'000U).description(""))
      ->capture_default_str();
  command.add_option("--level", arguments.bootstrap.level, "Confidence level of the intervals")
      ->type_name("SHARE")
      ->check(CLI::Range(0.01, 0.999).description(""))
      ->capture_default_str();
  CLI::Option* const scores =
      command.add_option("--zero-shot", arguments.zero_shot, "Compare with these scores")->type_name("FILE");
  command.add_option("-m,--model", arguments.model, "Compare with this model's texts of the labels")
      ->type_name("DIR|FILE")
      ->excludes(scores);
  add_device(command, arguments.device);
  command.add_option("--prompts", arguments.prompts, "The prompt of each label")->type_name("FILE");
}

}  // namespace

void add_adapter_train(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<TrainArguments>();
  command.add_option("--embeddings", arguments->embeddings, "What mi2 embed wrote: jsonl, csv or npy")
      ->type_name("FILE")
      ->required();
  add_label_table_arguments(command, arguments->labels);
  command.add_option("--classes", arguments->classes, "Only rows of these labels, with commas between")
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
