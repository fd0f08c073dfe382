// mi2 embed: images and texts to vectors.

#include <algorithm>
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

#include "arguments.hpp"
#include "command.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"
#include "inputs.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "vectors/embedding_writers.hpp"

namespace mi2::cli {
namespace {

struct EmbedArguments {
  ModelArguments model;
  const CLI::Option* paths = nullptr;
  const CLI::Option* texts = nullptr;
  std::string texts_json;
  std::string format = "jsonl";
  std::string out;
  bool provenance = false;
  std::optional<FrameSelection> frames;
};

constexpr std::string_view kEmbedHelp = R"(Inputs:
  A PATH is a PNG, JPEG, WebP, TIFF or DICOM file, '-' for one such file on standard
  input, or a folder: then every image below it, by name, without hidden files;
  other files are skipped. Texts are UTF-8. Results come in this order: images, then
  --text, then the strings of --texts-json.

Formats:
  jsonl  {"path": "a.png", "embedding": [0.1,..]} or {"text": "..", "embedding": [..]}
  csv    kind,input,e0,e1,.. after a header line; kind is image or text
  npy    float32 [rows, dimensions], rows in order
  Doubts about an image that is read all the same go to standard error and, in jsonl, into
  "warnings": ["name: what was found"]; --strict refuses such images.
  Numbers have the fewest digits that read back to the same float32. --provenance
  adds weights_sha256, profile, dtype and version to every row (jsonl, csv).

Frames:
  Without --frames each image gives one row: a DICOM its middle frame, a TIFF its first
  page. With it every selected frame is a row: jsonl adds "frame", from 1, and "frames", how
  many the file has; csv a column frame after input; npy has the rows in this order.
    middle  that one frame          N         frame number N
    all     every frame             every:K   frames 1, 1 + K, 1 + 2 K, ..
    first   frame 1                 center:K  K frames around the middle

When an input fails:
  The reason goes to standard error, the others are still processed, and the exit status
  is 8. If every input failed, nothing is written and the status is that of the first (below).
  --out FILE appears only when it is complete.

Examples:
  mi2 embed --model DIR scan.dcm > vectors.jsonl
  mi2 embed --model DIR --format npy --out vectors.npy images/
  mi2 embed --model DIR --text "chest x-ray" --text "brain MRI" --format csv
  mi2 embed --model DIR --frames every:10 cine.dcm
  curl -s https://example.org/x.png | mi2 embed --model DIR -
)";

/// An item per text. Named by its number: a text must not get into messages.
embedder::NextItem items_of(const std::vector<std::string>& texts) {
  return [&texts, next = std::size_t{0}]() mutable -> std::optional<embedder::Item> {
    if (next == texts.size()) return std::nullopt;
    const std::string& text = texts[next++];
    return embedder::Item{fmt::format("text {}", next), std::nullopt, [&text] {
                            return embedder::Prepared{std::nullopt, text};
                          }};
  };
}

void embed_texts(const EmbedRun& run, const std::vector<std::string>& texts, vectors::EmbeddingWriter& writer) {
  std::size_t next = 0;
  std::size_t cut = 0;
  embed_items(run, items_of(texts), [&](const embedder::Embedded& item) {
    writer.write(vectors::InputKind::kText, texts[next++], std::nullopt, item.text, {});
    if (item.truncated) ++cut;
  });
  if (cut == 0) return;
  run.progress.note(fmt::format("{} of {} texts were longer than the model's context and were cut", cut, texts.size()));
}

int embed(const EmbedArguments& arguments) {
  const std::vector<std::string> paths = values_of(arguments.paths);
  if (arguments.texts_json == "-" && std::find(paths.begin(), paths.end(), "-") != paths.end()) {
    throw Error(Code::kBadArgument, "-: standard input can be read only once");
  }
  const std::vector<std::string> texts = gather_texts(values_of(arguments.texts), arguments.texts_json);
  const embedder::ExpandedPaths expanded = embedder::expand_paths(paths);
  const std::size_t rows = expanded.inputs.size() + texts.size();
  if (rows == 0) throw Error(Code::kBadArgument, "embed: no inputs; give a PATH, --text or --texts-json");
  if (arguments.format == "npy" && arguments.provenance) {
    throw Error(Code::kBadArgument, "--provenance: npy has no place for it; use --format jsonl or csv");
  }

  const auto output = open_output(arguments.out);
  const Embedder embedder = Embedder::open(arguments.model.model, arguments.model.options);
  std::optional<Provenance> provenance;
  if (arguments.provenance) provenance = embedder.provenance();
  const auto writer =
      vectors::make_embedding_writer(arguments.format, *output, static_cast<std::size_t>(embedder.dimensions()),
                                     provenance, arguments.frames.has_value());
  const std::string_view what = texts.empty() ? "images" : expanded.inputs.empty() ? "texts" : "inputs";
  Progress progress = arguments.frames ? Progress("frames") : Progress(rows, what);
  Report report(progress);
  note_skipped(expanded, progress);
  const EmbedRun run{embedder, arguments.model.batch, progress, report, [&] { output->flush(); }};
  embed_images(run, expanded, arguments.frames, [&](const embedder::Embedded& item) {
    writer->write(vectors::InputKind::kImage, item.name, item.frame, item.image, item.warnings);
  });
  embed_texts(run, texts, *writer);
  progress.hide();
  report.summarize();
  if (!report.all_failed()) {
    writer->finish();
    throw_if_interrupted();
    output->commit();
  }
  return report.exit_status();
}

}  // namespace

void add_embed(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<EmbedArguments>();
  add_model_arguments(command, arguments->model);
  arguments->texts = add_repeatable(command, "--text", "A text to embed; may be given again")->type_name("TEXT");
  command.add_option("--texts-json", arguments->texts_json, "A file with a JSON array of strings; - is standard input")
      ->type_name("FILE");
  command.add_option("--format", arguments->format, "How results are written")
      ->type_name("jsonl|csv|npy")
      ->check(CLI::IsMember({"jsonl", "csv", "npy"}).description(""))
      ->capture_default_str();
  command.add_option("--out", arguments->out, "Write to FILE, not standard output")->type_name("FILE");
  command.add_flag("--provenance", arguments->provenance, "Add weights hash, profile, dtype and version to rows");
  add_frames(command, arguments->frames);
  arguments->paths = add_positionals(command, "PATH", "Files, folders, or - for standard input");
  command.footer(fmt::format("{}\n{}", kEmbedHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] { return embed(*arguments); };
  });
}

}  // namespace mi2::cli
