// mi2 classify: labels to scores, without training.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/classifier.hpp>
#include <mi2/embedder.hpp>

#include "arguments.hpp"
#include "call_arguments.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "input_arguments.hpp"
#include "kept_work.hpp"
#include "label_arguments.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "score_writers.hpp"
#include "truth_report.hpp"
#include "vector_arguments.hpp"

namespace mi2::cli {
namespace {

struct ClassifyArguments {
  ModelArguments model;
  LabelArguments labels;
  InputArguments inputs;
  std::string embeddings;
  std::string names;
  bool multilabel = false;
  ScoreArguments scores;
  CallArguments calls;
  TruthArguments truth;
  std::optional<FrameSelection> frames;
};

constexpr std::string_view kClassifyHelp = R"(Labels:
  Every label is a text; an image's score for it is how near the two vectors are, as
  a softmax over the labels (they sum to 1), or with --multilabel each on its own.
  Labels that read like a report's words work best: "x-ray chest pleural effusion".
  --template "an x-ray of {}" puts each label in place of {}; several are averaged.
  --labels-file holds one label per line; use it for labels with commas. A *.json is read as a
  list of strings, a *.csv by its column label, as of the prompts.csv of mi2 dataset prepare.

Inputs:
  A PATH is a PNG, JPEG, JPEG 2000, WebP, TIFF, GIF, BMP or DICOM file, a volume, '-' for one
  such file on standard input, or a folder: then every image below it, by name, without
  hidden files; other files are skipped, and named with --verbose. A zip stands for the
  images in it, a DICOMDIR for the files that it lists. Or --embeddings FILE, which mi2 embed
  wrote with the same model.

Formats:
  table  for people: the path, then rank, score and label, best first
  jsonl  {"path": "a.png", "labels": [{"label": "..", "score": 0.9}, ..]}, best first
  csv    path,rank,label,score after a header line
  With --frames every selected frame has its own, as every row of embeddings of frames has: the
  table says which, jsonl adds "frame" and "frames", csv a column frame after path. With --level,
  --mpp or --tiles every tile of a whole slide has its own, and says where it lies.

Calls:
  --calls adds a word to every score: positive from 0.20, possible from 0.08, negative below.
  These are the cut-offs of the published notebooks, for their labels; yours may need others:
  --positive-from and --possible-from.

Report:
  --truth FILE.csv has a column path (file, image, name, filename or input) and a column label
  (class_name, class, labels; --truth-column), one of the labels, letter by letter; --split S
  takes only its rows of that split. --report DIR then gets report.json, report.txt (precision,
  recall, F1, support, AUC and best F1 threshold of each label; averages, accuracy, Matthews
  correlation, confusion), confusion.svg and predictions.csv (file_name,zero_shot_pred,
  ground_truth_label). Labels are what --labels says, without the template.

When an input fails:
  The reason goes to standard error, the others are still processed, and the exit status
  is 8. If every input failed, nothing is written and the status is that of the first (below).

Examples:
  mi2 classify --model DIR --labels "chest x-ray,brain MRI,skin photo" images/
  mi2 classify --model DIR --labels-file findings.txt --template "x-ray chest {}" \
      --multilabel --format jsonl scan.dcm
  mi2 classify --model DIR --labels "chest x-ray,brain MRI" --embeddings vectors.npy
  mi2 classify --model DIR --labels-file findings.txt --template "x-ray chest {}" --out s.csv \
      --calls --truth labels.csv --report report/ images/
)";

ClassifierOptions classifier_options(const ClassifyArguments& arguments) {
  ClassifierOptions options;
  options.multilabel = arguments.multilabel;
  std::vector<std::string> templates = gather_templates(arguments.labels);
  if (!templates.empty()) options.templates = std::move(templates);
  return options;
}

int classify_images(const ClassifyArguments& arguments, const Embedder& embedder, const Classifier& classifier,
                    const std::vector<std::string>& given, const embedder::ExpandedPaths& paths, KeptWork* kept,
                    ScoreOutput& output, Progress& progress) {
  const int status =
      score_images({embedder, paths, arguments.frames, batch_of(arguments.model, embedder), progress, kept,
                    is_file_output(arguments.scores.out), arguments.model.series},
                   output, [&](std::span<const float> embedding) { return classifier.classify(embedding); });
  if (status != 0) explain_paths(given, "--labels, a vector file into --embeddings", progress);
  return status;
}

void check_own_embeddings(const vectors::VectorTable& table, const Embedder& embedder, Progress& progress) {
  if (table.provenance) check_origin(table.provenance, embedder.provenance(), "the model", progress);
  if (table.vectors.dimensions() != static_cast<std::size_t>(embedder.dimensions())) {
    throw Error(Code::kBadArgument, fmt::format("{}: vectors of {} numbers, the model's have {}", table.source,
                                                table.vectors.dimensions(), embedder.dimensions()));
  }
}

void classify_embeddings(const vectors::VectorTable& table, const Classifier& classifier, ScoreOutput& output) {
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    output.write(table.names.empty() ? std::to_string(r + 1) : table.names[r], table.place(r),
                 classifier.classify(table.vectors.row(r)), {});
  }
  output.commit();
}

std::vector<std::string> checked_labels(const ClassifyArguments& arguments) {
  std::vector<std::string> labels = gather_labels(arguments.labels);
  if (labels.empty()) throw Error(Code::kBadArgument, "classify: no labels; expected --labels A,B,C or --labels-file");
  if (labels.size() == 1 && !arguments.multilabel) {
    throw Error(Code::kBadArgument, "classify: one label alone always scores 1; expected two or more, or --multilabel");
  }
  return labels;
}

int classify(const ClassifyArguments& arguments) {
  const std::vector<std::string> labels = checked_labels(arguments);
  const ClassifierOptions options = classifier_options(arguments);
  const std::vector<std::string> given = gather_paths(arguments.inputs);
  if (given.empty() == arguments.embeddings.empty()) {
    throw Error(Code::kBadArgument, "classify: expected PATHs (or --files-from), or --embeddings FILE");
  }
  if (!arguments.embeddings.empty() && arguments.frames) {
    throw Error(Code::kBadArgument, "classify: --frames goes with PATHs; a file of embeddings has its frames");
  }
  const embedder::ExpandedPaths paths = expand_inputs(given);
  check_is_new(arguments.scores.out, arguments.inputs.force);
  stop_between_batches(paths);
  const auto kept =
      keep_work(arguments.scores.out, arguments.inputs, {arguments.model, paths.inputs, {}, arguments.frames});
  Progress progress = arguments.frames ? Progress("frames") : Progress(paths.inputs.size(), "images");
  std::optional<vectors::VectorTable> table;
  if (given.empty()) {
    progress.begin("reading the embeddings");
    table = read_embeddings(arguments.embeddings, arguments.names);
    progress.rest();
  }
  const bool frames = table ? !table->frames.empty() : arguments.frames.has_value();
  ScoreOutput output(arguments.scores, frames, zero_shot_caller(arguments.calls),
                     arguments.model.options.image.slide.has_value());
  // Before the model is loaded: a table that does not fit is said at once.
  const std::unique_ptr<TruthReport> report =
      table ? watch_for_report(arguments.truth, labels, table->names, table->source, table->frames, output, progress)
            : watch_for_report(arguments.truth, labels, paths_of(paths.inputs), "the images", {}, output, progress);
  const Embedder embedder = open_embedder(arguments.model, progress);
  const Classifier classifier(embedder, labels, options);
  if (classifier.truncated()) progress.note("a label was longer than the model's context and was cut");
  int status = 0;
  if (table) {
    check_own_embeddings(*table, embedder, progress);
    // Rows on standard output show themselves.
    if (is_file_output(arguments.scores.out)) progress.begin("classifying");
    classify_embeddings(*table, classifier, output);
  } else {
    status = classify_images(arguments, embedder, classifier, given, paths, kept.get(), output, progress);
  }
  if (report) report->write(progress);
  return status;
}

}  // namespace

void add_classify(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ClassifyArguments>();
  add_model_arguments(command, arguments->model);
  add_label_arguments(command, arguments->labels);
  command.add_flag("--multilabel", arguments->multilabel, "Score each label on its own (sigmoid, not softmax)");
  add_frames(command, arguments->frames);
  add_series(command, arguments->model);
  add_slide(command, arguments->model.options.image.slide);
  add_top(command, arguments->scores);
  add_score_arguments(command, arguments->scores);
  add_call_arguments(command, arguments->calls, "Call each label positive, possible or negative");
  add_truth_arguments(command, arguments->truth);
  command.add_option("--embeddings", arguments->embeddings, "Embeddings of this model in place of images")
      ->type_name("FILE");
  command.add_option("--paths", arguments->names, "The paths of an npy's rows, one per line")->type_name("FILE");
  add_input_arguments(command, arguments->inputs);
  command.footer(fmt::format("{}\n{}\n{}", kClassifyHelp, kInputHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    arguments->scores.force = arguments->inputs.force;
    choose_frames(arguments->model, arguments->frames);
    session.run = [arguments] { return classify(*arguments); };
  });
}

}  // namespace mi2::cli
