// mi2 adapter classify and predict: images or embeddings to scores or to a number, by a trained adapter.

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapter/adapter.hpp"
#include "adapter_command.hpp"
#include "adapter_inputs.hpp"
#include "arguments.hpp"
#include "call_arguments.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "input_arguments.hpp"
#include "kept_work.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "score_writers.hpp"
#include "truth_report.hpp"
#include "vector_arguments.hpp"

namespace mi2::cli {
namespace {

constexpr std::string_view kPredict = "adapter predict";

struct ClassifyArguments {
  AdapterInputs from;
  ScoreArguments scores;
  CallArguments calls;
  TruthArguments truth;
  std::string command = "adapter classify";
};

constexpr std::string_view kAdapterClassifyHelp =
    R"(The adapter is NAME of NAME.safetensors and NAME.json, or the toolkit's adapter_model folder.
Scores are its softmax over its labels, at the temperature it was calibrated to, or what the
imported pipeline gives.

Inputs:
  --embeddings FILE, which mi2 embed wrote (jsonl, csv, npy); or --model DIR and PATHs that
  mi2 embed reads: files, folders, zips, DICOMDIRs, or '-' for one file on standard input.
  Vectors of another model than the adapter was trained on are refused, where both are known.

Formats:
  table  for people: the path, then rank, score and label, best first
  jsonl  {"path": "a.png", "labels": [{"label": "..", "score": 0.9}, ..]}, best first
  csv    path,rank,label,score after a header line
  With --frames every selected frame has its own: the table says which, jsonl adds "frame"
  and "frames", csv a column frame after path.
  Rows of an npy without --paths are called 1, 2, ..

Calls:
  --calls adds a word to every label: positive for a score of at least its Youden threshold,
  negative for another of at most its sensitivity-0.90 threshold, possible in between; "-"
  (null in jsonl, empty in csv) for a label without thresholds. --positive-from and
  --possible-from give the cut-offs of all labels in their place.

Report:
  --truth FILE.csv and --report DIR as of mi2 classify: what the answers are worth on images that
  the adapter was not trained on. predictions.csv has file_name,adapter_pred,ground_truth_label.

When an input fails:
  The reason goes to standard error, the others are still processed, and the exit status
  is 8. If every input failed, nothing is written and the status is that of the first (below).

Examples:
  mi2 adapter classify --head lesions --model DIR images/
  mi2 adapter classify --head lesions --embeddings vectors.jsonl --format csv --calls
)";

constexpr std::string_view kAdapterPredictHelp =
    R"(The adapter is one whose target is a number, ordinal or survival. Its answer is the number, in the
unit that it was trained on; of ordinal labels their mean by their probabilities ("expected"; the
probabilities are those of adapter classify); or the logarithm of the hazard relative to others':
the larger, the earlier the event is expected.

Inputs:
  As of adapter classify: --embeddings FILE; or --model DIR and PATHs.

Formats:
  table  for people: the path, then the number and what it measures
  jsonl  {"path": "a.png", "labels": [{"label": "months", "score": 93.5}]}
  csv    path,rank,label,score after a header line, as mi2 evaluate --ages reads it

Examples:
  mi2 adapter train --embeddings e.jsonl --labels ages.csv --labels-column months \
      --target number --out bone-age
  mi2 adapter predict --head bone-age --model DIR --format csv images/
)";

/// What the adapter says of an image: scores, best first, or its one number.
std::vector<LabelScore> answer(const adapter::Adapter& adapter, const ClassifyArguments& arguments,
                               std::span<const float> embedding) {
  if (arguments.command == kPredict) return {adapter.number(embedding)};
  return adapter.classify(embedding);
}

/// That the adapter answers with what the command writes.
void check_answers(const adapter::Adapter& adapter, const ClassifyArguments& arguments) {
  const bool number = adapter::is_one_number(adapter.description().target);
  // Ordinal labels have an expected value and their scores.
  const bool wanted =
      adapter.description().target == adapter::Target::kOrdinal || number == (arguments.command == kPredict);
  if (wanted && adapter.description().target == adapter::Target::kFindings && !arguments.truth.truth.empty()) {
    throw Error(Code::kUnsupported,
                "--truth: the adapter's answers are findings; mi2 evaluate --multi-label judges them");
  }
  if (wanted) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: its target is {}; expected mi2 adapter {}", arguments.from.head,
                          adapter::name_of(adapter.description().target), number ? "predict" : "classify"));
}

int classify_embeddings(const adapter::Adapter& adapter, const ClassifyArguments& arguments, Caller caller) {
  Progress progress(0, "");
  progress.begin("reading the embeddings");
  const vectors::VectorTable table = read_embeddings(arguments.from.embeddings, arguments.from.names);
  check_origin(table.provenance, adapter.description().embeddings, "the adapter", progress);
  ScoreOutput output(arguments.scores, !table.frames.empty(), std::move(caller));
  const auto report =
      watch_for_report(arguments.truth, adapter.labels(), table.names, table.source, table.frames, output, progress);
  progress.rest();
  // Rows on standard output show themselves.
  if (is_file_output(arguments.scores.out)) progress.begin("classifying");
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    output.write(table.names.empty() ? std::to_string(r + 1) : table.names[r], table.place(r),
                 answer(adapter, arguments, table.vectors.row(r)), {});
  }
  output.commit();
  if (report) report->write(progress);
  return 0;
}

int classify_images(const adapter::Adapter& adapter, const ClassifyArguments& arguments,
                    const std::vector<std::string>& given, Caller caller) {
  const AdapterInputs& from = arguments.from;
  const embedder::ExpandedPaths paths = expand_inputs(given);
  if (paths.inputs.empty())
    throw Error(Code::kBadArgument, fmt::format("{}: no inputs; give a PATH", arguments.command));
  check_is_new(arguments.scores.out, from.inputs.force);
  stop_between_batches(paths);
  const auto kept = keep_work(arguments.scores.out, from.inputs, {from.model, paths.inputs, {}, from.frames});
  ScoreOutput output(arguments.scores, from.frames.has_value(), std::move(caller));
  Progress progress = from.frames ? Progress("frames") : Progress(paths.inputs.size(), "images");
  const auto report =
      watch_for_report(arguments.truth, adapter.labels(), paths_of(paths.inputs), "the images", {}, output, progress);
  const Embedder embedder = open_adapter_model(from, adapter, progress);
  const int status =
      score_images({embedder, paths, from.frames, batch_of(from.model, embedder), progress, kept.get(),
                    is_file_output(arguments.scores.out), from.model.series},
                   output, [&](std::span<const float> embedding) { return answer(adapter, arguments, embedding); });
  if (report) report->write(progress);
  return status;
}

int classify(const ClassifyArguments& arguments) {
  const std::vector<std::string> given = checked_inputs(arguments.from, arguments.command);
  const adapter::Adapter adapter = adapter::Adapter::open(arguments.from.head);
  check_answers(adapter, arguments);
  Caller caller = adapter_caller(arguments.calls, adapter.description());
  return arguments.from.embeddings.empty() ? classify_images(adapter, arguments, given, std::move(caller))
                                           : classify_embeddings(adapter, arguments, std::move(caller));
}

}  // namespace

void add_adapter_classify(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ClassifyArguments>();
  add_adapter_inputs(command, arguments->from);
  add_top(command, arguments->scores);
  add_score_arguments(command, arguments->scores);
  add_call_arguments(command, arguments->calls, "Call each label positive, possible or negative");
  arguments->truth.prediction = "adapter_pred";
  add_truth_arguments(command, arguments->truth);
  add_input_arguments(command, arguments->from.inputs);
  command.footer(fmt::format("{}\n{}\n{}", kAdapterClassifyHelp, kInputHelp, exit_status_help()));
  command.callback([arguments, &session] {
    parsed_inputs(arguments->from, session);
    arguments->scores.force = arguments->from.inputs.force;
    session.run = [arguments] { return classify(*arguments); };
  });
}

void add_adapter_predict(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ClassifyArguments>();
  arguments->command = kPredict;
  add_adapter_inputs(command, arguments->from);
  add_score_arguments(command, arguments->scores);
  add_input_arguments(command, arguments->from.inputs);
  command.footer(fmt::format("{}\n{}\n{}", kAdapterPredictHelp, kInputHelp, exit_status_help()));
  command.callback([arguments, &session] {
    parsed_inputs(arguments->from, session);
    arguments->scores.force = arguments->from.inputs.force;
    session.run = [arguments] { return classify(*arguments); };
  });
}

}  // namespace mi2::cli
