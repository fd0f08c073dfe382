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
#include "command.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "label_arguments.hpp"
#include "progress.hpp"
#include "score_writers.hpp"

namespace mi2::cli {
namespace {

struct ClassifyArguments {
  ModelArguments model;
  LabelArguments labels;
  const CLI::Option* paths = nullptr;
  bool multilabel = false;
  ScoreArguments scores;
  std::optional<FrameSelection> frames;
};

constexpr std::string_view kClassifyHelp = R"(Labels:
  Every label is a text; an image's score for it is how near the two vectors are, as
  a softmax over the labels (they sum to 1), or with --multilabel each on its own.
  Labels that read like a report's words work best: "x-ray chest pleural effusion".
  --template "an x-ray of {}" puts each label in place of {}; several are averaged.
  --labels-file holds one label per line; use it for labels with commas.

Inputs:
  A PATH is a PNG, JPEG, WebP, TIFF or DICOM file, '-' for one such file on standard
  input, or a folder: then every image below it, by name, without hidden files;
  other files are skipped.

Formats:
  table  for people: the path, then rank, score and label, best first
  jsonl  {"path": "a.png", "labels": [{"label": "..", "score": 0.9}, ..]}, best first
  csv    path,rank,label,score after a header line
  With --frames every selected frame has its own: the table says which, jsonl adds "frame"
  and "frames", csv a column frame after path.

When an input fails:
  The reason goes to standard error, the others are still processed, and the exit status
  is 8. If every input failed, nothing is written and the status is that of the first (below).

Examples:
  mi2 classify --model DIR --labels "chest x-ray,brain MRI,skin photo" images/
  mi2 classify --model DIR --labels-file findings.txt --template "x-ray chest {}" \
      --multilabel --format jsonl scan.dcm
)";

ClassifierOptions classifier_options(const ClassifyArguments& arguments) {
  ClassifierOptions options;
  options.multilabel = arguments.multilabel;
  std::vector<std::string> templates = gather_templates(arguments.labels);
  if (!templates.empty()) options.templates = std::move(templates);
  return options;
}

int classify(const ClassifyArguments& arguments) {
  std::vector<std::string> labels = gather_labels(arguments.labels);
  if (labels.empty()) throw Error(Code::kBadArgument, "classify: no labels; expected --labels A,B,C or --labels-file");
  const ClassifierOptions options = classifier_options(arguments);
  const embedder::ExpandedPaths paths = embedder::expand_paths(values_of(arguments.paths));
  ScoreOutput output(arguments.scores, arguments.frames.has_value());
  const Embedder embedder = Embedder::open(arguments.model.model, arguments.model.options);
  const Classifier classifier(embedder, std::move(labels), options);
  Progress progress = arguments.frames ? Progress("frames") : Progress(paths.inputs.size(), "images");
  if (classifier.truncated()) progress.note("a label was longer than the model's context and was cut");
  return score_images(embedder, paths, arguments.frames, arguments.model.batch, progress, output,
                      [&](std::span<const float> embedding) { return classifier.classify(embedding); });
}

}  // namespace

void add_classify(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ClassifyArguments>();
  add_model_arguments(command, arguments->model);
  add_label_arguments(command, arguments->labels);
  command.add_flag("--multilabel", arguments->multilabel, "Score each label on its own (sigmoid, not softmax)");
  add_frames(command, arguments->frames);
  add_top(command, arguments->scores);
  add_score_arguments(command, arguments->scores);
  arguments->paths = add_positionals(command, "PATH", "Files, folders, or - for standard input")->required();
  command.footer(fmt::format("{}\n{}", kClassifyHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] { return classify(*arguments); };
  });
}

}  // namespace mi2::cli
