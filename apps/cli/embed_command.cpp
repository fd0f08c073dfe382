// mi2 embed: images and texts to vectors.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "arguments.hpp"
#include "base/numbers.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"
#include "input_arguments.hpp"
#include "inputs.hpp"
#include "interrupt.hpp"
#include "kept_work.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "row_output.hpp"

namespace mi2::cli {
namespace {

struct EmbedArguments {
  ModelArguments model;
  InputArguments inputs;
  const CLI::Option* texts = nullptr;
  std::string texts_json;
  RowArguments rows;
  std::optional<FrameSelection> frames;
};

constexpr std::string_view kEmbedHelp = R"(Inputs:
  A PATH is a PNG, JPEG, JPEG 2000, WebP, TIFF, GIF, BMP or DICOM file, a volume (NIfTI, NRRD,
  MetaImage), '-' for one such file on standard input, or a folder: then every image below
  it, by name, without hidden files; other files are skipped, and named with --verbose.
  A zip stands for the images in it, a DICOMDIR for the files that it lists. Texts are
  UTF-8. Results come in this order: images, then --text, then the strings of --texts-json.

Formats:
  jsonl  {"path": "a.png", "embedding": [0.1,..]} or {"text": "..", "embedding": [..]}
  csv    kind,input,e0,e1,.. after a header line; kind is image or text
  npy    float32 [rows, dimensions], rows in order; with --out FILE, FILE.rows.jsonl says what they
         are, and the commands that read FILE read it too
  Doubts about an image that is read nevertheless go to standard error and, in jsonl, into
  "warnings": ["name: what was found"]; --strict refuses such images.
  Numbers have the fewest digits that read back to the same float32. --provenance
  adds weights_sha256, profile, dtype, version and instructions to every row (of npy, to
  FILE.rows.jsonl).

Frames:
  Without --frames each image gives one row: a DICOM its middle frame, a volume its middle
  slice, a TIFF its first page. With it every selected frame is a row: jsonl adds "frame",
  from 1, and "frames", how many the file has; csv a column frame after input; npy has the
  rows in this order.
    middle  that one frame          N         frame number N
    all     every frame             every:K   frames 1, 1 + K, 1 + 2 K, ..
    first   frame 1                 center:K  K frames around the middle

Whole slides:
  With --level, --mpp or --tiles a PATH is a slide (DICOM, SVS, tiled TIFF, and others where
  OpenSlide is installed), and its tiles of the model's size are its frames, all of those with
  tissue by default. Rows add "tile": the level, and x, y, width, height in pixels of level 0.
  The DICOM objects of one series are the levels of one slide.

When an input fails:
  The reason goes to standard error, the others are still processed, and the exit status
  is 8. If every input failed, nothing is written and the status is that of the first (below).
  --out FILE appears only when it is complete.

Examples:
  mi2 embed --model DIR scan.dcm > vectors.jsonl
  mi2 embed --model DIR --out vectors.npy images/
  find archive -name '*.dcm' | mi2 embed --model DIR --files-from - --out vectors.jsonl
  mi2 embed --model DIR --text "chest x-ray" --text "brain MRI" --format csv
  mi2 embed --model DIR --frames every:10 cine.dcm
  mi2 embed --model DIR --mpp 0.5 --out tiles.npy slide.svs
  curl -s https://example.org/x.png | mi2 embed --model DIR -
)";

constexpr std::string_view kTextItem = "text ";

/// An item per text. Named by its number: a text must not get into messages.
embedder::NextItem items_of(const std::vector<std::string>& texts) {
  return [&texts, next = std::size_t{0}]() mutable -> std::optional<embedder::Item> {
    if (next == texts.size()) return std::nullopt;
    const std::string& text = texts[next++];
    return embedder::Item{fmt::format("{}{}", kTextItem, next), std::nullopt, [&text] {
                            return embedder::Prepared{std::nullopt, text};
                          }};
  };
}

/// The text that an item of items_of() is of, by its name: those that fail are not among what is written.
/// @throws Error{kBadFile} for a name that no such item has, out of kept work that was damaged.
const std::string& text_of(std::string_view name, const std::vector<std::string>& texts) {
  if (name.starts_with(kTextItem)) {
    const std::uint64_t number = base::parse_whole(name.substr(kTextItem.size())).value_or(0);
    if (number >= 1 && number <= texts.size()) return texts[number - 1];
  }
  throw Error(Code::kBadFile, "what was kept of a text is damaged; --restart starts over");
}

/// What is embedded, in the order of the rows.
struct Inputs {
  std::vector<std::string> paths;
  std::vector<std::string> texts;
  embedder::ExpandedPaths images;
};

Inputs gather(const EmbedArguments& arguments) {
  Inputs inputs;
  inputs.paths = gather_paths(arguments.inputs);
  const bool reads = std::ranges::find(inputs.paths, "-") != inputs.paths.end() || arguments.inputs.files_from == "-";
  if (arguments.texts_json == "-" && reads) {
    throw Error(Code::kBadArgument, "-: standard input can be read only once");
  }
  inputs.texts = gather_texts(values_of(arguments.texts), arguments.texts_json);
  inputs.images = expand_inputs(inputs.paths);
  if (inputs.images.inputs.empty() && inputs.texts.empty()) {
    throw Error(Code::kBadArgument, "embed: no inputs; give a PATH, --files-from, --text or --texts-json");
  }
  return inputs;
}

/// Everything through the model; rows to `output`.
void embed_all(const EmbedRun& run, const Inputs& inputs, const EmbedArguments& arguments, RowOutput& output) {
  std::size_t cut = 0;
  const auto write = [&](const embedder::Embedded& item) {
    if (item.text.empty()) {
      output.write(vectors::InputKind::kImage, item.name, item.frame, item.image, item.warnings);
      return;
    }
    output.write(vectors::InputKind::kText, text_of(item.name, inputs.texts), std::nullopt, item.text, {});
    if (item.truncated) ++cut;
  };
  report_resumed(run);
  embed_images(run, inputs.images, arguments.frames, write);
  embed_items(run, items_of(inputs.texts), write);
  replay(run, write);
  if (cut == 0) return;
  run.progress.note(
      fmt::format("{} of {} texts were longer than the model's context and were cut", cut, inputs.texts.size()));
}

int embed(const EmbedArguments& arguments) {
  check_rows(arguments.rows);
  const Inputs inputs = gather(arguments);
  const std::size_t rows = inputs.images.inputs.size() + inputs.texts.size();
  stop_between_batches(inputs.images);
  const auto kept = keep_work(arguments.rows.out, arguments.inputs,
                              {arguments.model, inputs.images.inputs, inputs.texts, arguments.frames});
  RowOutput output(arguments.rows);
  const std::string_view what = inputs.texts.empty() ? "images" : inputs.paths.empty() ? "texts" : "inputs";
  Progress progress = arguments.frames ? Progress("frames") : Progress(rows, what);
  explain_texts(values_of(arguments.texts), "PATH if it is an image, --texts-json if it has texts", progress);
  const Embedder embedder = open_embedder(arguments.model, progress);
  std::optional<Provenance> provenance;
  if (arguments.rows.provenance) provenance = embedder.provenance();
  const auto places = arguments.model.options.image.slide ? vectors::RowPlaces::kTiles
                      : arguments.frames                  ? vectors::RowPlaces::kFrames
                                                          : vectors::RowPlaces::kNone;
  output.start(static_cast<std::size_t>(embedder.dimensions()), std::move(provenance), places);
  Report report(progress);
  note_skipped(inputs.images.skipped, progress);
  const EmbedRun run{embedder,
                     batch_of(arguments.model, embedder),
                     progress,
                     report,
                     [&] { output.flush(); },
                     kept.get(),
                     arguments.model.series};
  try {
    embed_all(run, inputs, arguments, output);
  } catch (const Interrupted&) {
    note_stopped(run, is_file_output(arguments.rows.out));
    throw;
  }
  progress.hide();
  report.summarize();
  if (report.bad_count() > 0) explain_paths(inputs.paths, "--text", progress);
  if (!report.all_failed()) output.commit();
  if (kept) kept->discard();
  return report.exit_status();
}

}  // namespace

void add_embed(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<EmbedArguments>();
  add_model_arguments(command, arguments->model);
  arguments->texts = add_repeatable(command, "--text", "A text to embed; may be given again")->type_name("TEXT");
  command.add_option("--texts-json", arguments->texts_json, "A file with a JSON array of strings; - is standard input")
      ->type_name("FILE");
  add_row_arguments(command, arguments->rows);
  add_frames(command, arguments->frames);
  add_series(command, arguments->model);
  add_slide(command, arguments->model.options.image.slide);
  add_input_arguments(command, arguments->inputs);
  command.footer(fmt::format("{}\n{}\n{}", kEmbedHelp, kInputHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    arguments->rows.force = arguments->inputs.force;
    choose_frames(arguments->model, arguments->frames);
    session.run = [arguments] { return embed(*arguments); };
  });
}

}  // namespace mi2::cli
