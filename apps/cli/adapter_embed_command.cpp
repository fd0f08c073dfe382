// mi2 adapter embed: images or embeddings to an adapter's features.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "adapter/adapter.hpp"
#include "adapter_command.hpp"
#include "adapter_inputs.hpp"
#include "arguments.hpp"
#include "base/hash.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "input_arguments.hpp"
#include "interrupt.hpp"
#include "kept_work.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "row_output.hpp"
#include "vector_arguments.hpp"

namespace mi2::cli {
namespace {

struct FeatureArguments {
  AdapterInputs from;
  RowArguments rows;
};

constexpr std::string_view kAdapterEmbedHelp =
    R"(What an adapter's last layer is given is its view of an image: hidden_dim numbers of an mlp
adapter, the last hidden layer of an imported network. Images that the labels put together are
nearer there than in the model's own space. A linear adapter has no such layer.
The vectors have the length the adapter gives them; they are not scaled to 1.

Inputs, formats, frames and failures are those of mi2 embed; or --embeddings FILE in place of
PATHs. --provenance gives the rows a hash of the adapter and the model in place of the
model's, so that they do not pass for embeddings of the model.

Examples:
  mi2 adapter embed --head lesions --embeddings archive.jsonl --out archive.features.npy
  mi2 adapter embed --head lesions --model DIR --out new.jsonl images/
  mi2 knn --train archive.features.npy --labels labels.csv --metric euclidean new.jsonl
)";

/// Where the features come from; nothing where the vectors' origin is not known.
std::optional<Provenance> provenance_of(std::optional<Provenance> vectors, const adapter::Adapter& adapter) {
  if (!vectors) return std::nullopt;
  const std::string both = vectors->weights_sha256 + ' ' + adapter.data_sha256();
  vectors->weights_sha256 = base::sha256_hex(std::as_bytes(std::span(both)));
  return vectors;
}

int embed_vectors(const adapter::Adapter& adapter, const FeatureArguments& arguments, RowOutput& output) {
  Progress progress(0, "");
  const vectors::VectorTable table = read_embeddings(arguments.from.embeddings, arguments.from.names);
  check_origin(table.provenance, adapter.description().embeddings, "the adapter", progress);
  std::optional<Provenance> provenance;
  if (arguments.rows.provenance) provenance = provenance_of(table.provenance, adapter);
  if (arguments.rows.provenance && !provenance) {
    throw Error(Code::kBadArgument,
                fmt::format("--provenance: {} does not say where its vectors come from", table.source));
  }
  output.start(adapter.feature_dimensions(), std::move(provenance),
               table.frames.empty() ? vectors::RowPlaces::kNone : vectors::RowPlaces::kFrames);
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    output.write(vectors::InputKind::kImage, table.names.empty() ? std::to_string(r + 1) : table.names[r],
                 table.place(r), adapter.features(table.vectors.row(r)), {});
  }
  output.commit();
  return 0;
}

int embed_pictures(const adapter::Adapter& adapter, const FeatureArguments& arguments,
                   const std::vector<std::string>& given, RowOutput& output) {
  const AdapterInputs& from = arguments.from;
  const embedder::ExpandedPaths paths = expand_inputs(given);
  if (paths.inputs.empty()) throw Error(Code::kBadArgument, "adapter embed: no inputs; give a PATH");
  stop_between_batches(paths);
  const auto kept = keep_work(arguments.rows.out, from.inputs, {from.model, paths.inputs, {}, from.frames});
  Progress progress = from.frames ? Progress("frames") : Progress(paths.inputs.size(), "images");
  const Embedder embedder = open_adapter_model(from, adapter, progress);
  std::optional<Provenance> provenance;
  if (arguments.rows.provenance) provenance = provenance_of(embedder.provenance(), adapter);
  output.start(adapter.feature_dimensions(), std::move(provenance),
               from.frames ? vectors::RowPlaces::kFrames : vectors::RowPlaces::kNone);
  Report report(progress);
  note_skipped(paths.skipped, progress);
  const EmbedRun run{embedder,         batch_of(from.model, embedder), progress,
                     report,           [&] { output.flush(); },        kept.get(),
                     from.model.series};
  const auto write = [&](const embedder::Embedded& item) {
    output.write(vectors::InputKind::kImage, item.name, item.frame, adapter.features(item.image), item.warnings);
  };
  try {
    report_resumed(run);
    embed_images(run, paths, from.frames, write);
    replay(run, write);
  } catch (const Interrupted&) {
    note_stopped(run, is_file_output(arguments.rows.out));
    throw;
  }
  progress.hide();
  report.summarize();
  if (!report.all_failed()) output.commit();
  if (kept) kept->discard();
  return report.exit_status();
}

int embed_features(const FeatureArguments& arguments) {
  const std::vector<std::string> given = checked_inputs(arguments.from, "adapter embed");
  const adapter::Adapter adapter = adapter::Adapter::open(arguments.from.head);
  if (adapter.feature_dimensions() == 0) {
    throw Error(Code::kUnsupported, fmt::format("{}: a {} adapter without hidden layers has no features",
                                                arguments.from.head, adapter::name_of(adapter.description().kind)));
  }
  RowOutput output(arguments.rows);
  return arguments.from.embeddings.empty() ? embed_pictures(adapter, arguments, given, output)
                                           : embed_vectors(adapter, arguments, output);
}

}  // namespace

void add_adapter_embed(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<FeatureArguments>();
  add_adapter_inputs(command, arguments->from);
  add_row_arguments(command, arguments->rows);
  add_input_arguments(command, arguments->from.inputs);
  command.footer(fmt::format("{}\n{}\n{}", kAdapterEmbedHelp, kInputHelp, exit_status_help()));
  command.callback([arguments, &session] {
    parsed_inputs(arguments->from, session);
    arguments->rows.force = arguments->from.inputs.force;
    session.run = [arguments] { return embed_features(*arguments); };
  });
}

}  // namespace mi2::cli
