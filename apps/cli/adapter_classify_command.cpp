// mi2 adapter classify: images or embeddings to scores, by a trained adapter.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapter/adapter.hpp"
#include "adapter_command.hpp"
#include "arguments.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "input_arguments.hpp"
#include "kept_work.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "score_writers.hpp"
#include "vector_arguments.hpp"

namespace mi2::cli {
namespace {

struct ClassifyArguments {
  ModelArguments model;
  std::string head;
  std::string embeddings;
  std::string names;
  InputArguments inputs;
  ScoreArguments scores;
  std::optional<FrameSelection> frames;
};

constexpr std::string_view kAdapterClassifyHelp =
    R"(The adapter is NAME of NAME.safetensors and NAME.json, or the toolkit's adapter_model folder.
Scores are its softmax over its labels, at the temperature it was calibrated to.

Inputs:
  --embeddings FILE, which mi2 embed wrote (jsonl, csv, npy); or --model DIR and PATHs: PNG,
  JPEG, WebP, TIFF or DICOM files, '-' for one on standard input, or folders of them.
  Vectors of another model than the adapter was trained on are refused, where both are known.

Formats:
  table  for people: the path, then rank, score and label, best first
  jsonl  {"path": "a.png", "labels": [{"label": "..", "score": 0.9}, ..]}, best first
  csv    path,rank,label,score after a header line
  With --frames every selected frame has its own: the table says which, jsonl adds "frame"
  and "frames", csv a column frame after path.
  Rows of an npy without --paths are called 1, 2, ..

When an input fails:
  The reason goes to standard error, the others are still processed, and the exit status
  is 8. If every input failed, nothing is written and the status is that of the first (below).

Examples:
  mi2 adapter classify --head lesions --model DIR images/
  mi2 adapter classify --head lesions --embeddings vectors.jsonl --format csv
)";

int classify_embeddings(const adapter::Adapter& adapter, const ClassifyArguments& arguments) {
  Progress progress(0, "");
  const vectors::VectorTable table = read_embeddings(arguments.embeddings, arguments.names);
  check_origin(table.provenance, adapter.description().embeddings, "the adapter", progress);
  ScoreOutput output(arguments.scores, !table.frames.empty());
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    output.write(table.names.empty() ? std::to_string(r + 1) : table.names[r], table.place(r),
                 adapter.classify(table.vectors.row(r)), {});
  }
  output.commit();
  return 0;
}

int classify_images(const adapter::Adapter& adapter, const ClassifyArguments& arguments,
                    const std::vector<std::string>& given) {
  if (arguments.model.model.empty()) {
    throw Error(Code::kBadArgument, "adapter classify: expected --embeddings FILE, or --model DIR and PATHs");
  }
  const embedder::ExpandedPaths paths = expand_inputs(given);
  if (paths.inputs.empty()) throw Error(Code::kBadArgument, "adapter classify: no inputs; give a PATH");
  check_is_new(arguments.scores.out, arguments.inputs.force);
  stop_between_batches(paths);
  const auto kept =
      keep_work(arguments.scores.out, arguments.inputs, {arguments.model, paths.inputs, {}, arguments.frames});
  ScoreOutput output(arguments.scores, arguments.frames.has_value());
  Progress progress = arguments.frames ? Progress("frames") : Progress(paths.inputs.size(), "images");
  const Embedder embedder = open_embedder(arguments.model, progress);
  if (adapter.description().embeddings) {
    check_origin(embedder.provenance(), adapter.description().embeddings, "the adapter", progress);
  }
  if (embedder.dimensions() != adapter.description().in_channels) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: vectors of {} numbers, the adapter takes {}", arguments.model.model,
                            embedder.dimensions(), adapter.description().in_channels));
  }
  return score_images({embedder, paths, arguments.frames, batch_of(arguments.model, embedder), progress, kept.get(),
                       is_file_output(arguments.scores.out), arguments.model.series},
                      output, [&](std::span<const float> embedding) { return adapter.classify(embedding); });
}

int classify(const ClassifyArguments& arguments) {
  const std::vector<std::string> given = gather_paths(arguments.inputs);
  if (!arguments.embeddings.empty() && !given.empty()) {
    throw Error(Code::kBadArgument, "adapter classify: --embeddings and PATHs exclude each other");
  }
  if (!arguments.embeddings.empty() && arguments.frames) {
    throw Error(Code::kBadArgument, "adapter classify: --frames goes with PATHs; a file of embeddings has its frames");
  }
  const adapter::Adapter adapter = adapter::Adapter::open(arguments.head);
  return arguments.embeddings.empty() ? classify_images(adapter, arguments, given)
                                      : classify_embeddings(adapter, arguments);
}

}  // namespace

void add_adapter_classify(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ClassifyArguments>();
  command.add_option("--head", arguments->head, "The adapter's NAME, or the toolkit's folder")
      ->type_name("NAME")
      ->required();
  command.add_option("--embeddings", arguments->embeddings, "Embeddings in place of images")->type_name("FILE");
  command.add_option("--paths", arguments->names, "The paths of an npy's rows, one per line")->type_name("FILE");
  add_model_arguments(command, arguments->model);
  command.get_option("--model")->required(false);
  add_frames(command, arguments->frames);
  add_series(command, arguments->model);
  add_top(command, arguments->scores);
  add_score_arguments(command, arguments->scores);
  add_input_arguments(command, arguments->inputs);
  command.footer(fmt::format("{}\n{}\n{}", kAdapterClassifyHelp, kInputHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = arguments->embeddings.empty() && needs_torch(arguments->model.options.device);
    arguments->scores.force = arguments->inputs.force;
    if (arguments->model.series && !arguments->frames) arguments->frames.emplace();
    session.run = [arguments] { return classify(*arguments); };
  });
}

}  // namespace mi2::cli
