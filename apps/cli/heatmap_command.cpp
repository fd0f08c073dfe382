// mi2 heatmap: where in an image a text or another image is.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
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
#include "base/json_text.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/heatmap.hpp"
#include "embedder/heatmap_picture.hpp"
#include "embedder/inputs.hpp"
#include "image/png.hpp"
#include "input_arguments.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "vector_arguments.hpp"
#include "vectors/embedding_writers.hpp"
#include "vectors/vectors.hpp"

namespace mi2::cli {
namespace {

struct HeatmapArguments {
  ModelArguments model;
  std::string image;
  const CLI::Option* texts = nullptr;
  const CLI::Option* images = nullptr;
  const CLI::Option* vectors = nullptr;
  std::string out;
  bool smooth = false;
  bool force = false;
};

constexpr std::size_t kMostQueries = 1024;

constexpr std::string_view kHeatmapHelp = R"(A map:
  The vector of an image is the mean over the patches of the model's last grid, through a norm and
  a projection. A map is the cosine of each patch, through the same by itself, with a query. It has
  as many cells as the grid: 15 x 15 in the published model, 4 x 4 in the starter. The model looks
  at a patch with all that is around it, so that a cell says where to look, and no outline.
  Queries are --text, --image and --vector, in this order; each has a map.

Formats, by the name of --out:
  FILE.json  or standard output: {"rows", "cols", "picture": [width, height], "covers", "x", "y",
             "resolution", "maps": [{"text", "least", "most", "whole", "cosines": [[..], ..]}, ..]}
             x and y are where columns and rows begin and the last ends, in pixels of IMAGE: the
             cells at its sides are of other sizes. whole is the cosine of the image's own vector.
  FILE.png   IMAGE in grey under the colours of its only map, from dark blue at the least cosine by
             red to yellow at the greatest; FILE.png.json has the numbers. --smooth draws no edges
             between cells, which shows more than is known.
  FILE.npy   float32 [queries, rows, cols]

Examples:
  mi2 heatmap --model DIR scan.dcm --text "chest x-ray, pneumothorax" --out map.png
  mi2 heatmap --model DIR scan.dcm --text "normal" --text "pneumonia" > maps.json
  mi2 heatmap --model DIR slide.png --image lesion.png --out map.npy
)";

enum class Format : std::uint8_t { kJson, kPng, kNpy };

/// @throws Error{kBadArgument} for a name that says another format, or a map to draw where there are several.
Format format_of(const HeatmapArguments& arguments) {
  if (arguments.out.empty() || arguments.out == "-" || !is_file_output(arguments.out)) return Format::kJson;
  const std::string ending = base::lower_ascii(std::filesystem::path(arguments.out).extension().string());
  if (ending == ".png") return Format::kPng;
  if (ending == ".npy") return Format::kNpy;
  if (ending == ".json") return Format::kJson;
  throw Error(Code::kBadArgument,
              fmt::format("--out: expected a name that ends in .json, .png or .npy, got '{}'", arguments.out));
}

std::string sidecar_of(const std::string& out) { return out + ".json"; }

/// Before the model is loaded.
Format check(const HeatmapArguments& arguments) {
  const Format format = format_of(arguments);
  check_is_new(arguments.out, arguments.force);
  if (format == Format::kPng) check_is_new(sidecar_of(arguments.out), arguments.force);
  if (arguments.smooth && format != Format::kPng) {
    throw Error(Code::kBadArgument, "--smooth: expected --out FILE.png; numbers are not smoothed");
  }
  std::vector<std::string> read = values_of(arguments.images);
  read.push_back(arguments.image);
  if (std::ranges::count(read, "-") > 1) {
    throw Error(Code::kBadArgument, "-: standard input can be read only once");
  }
  base::require_utf8(values_of(arguments.texts), "--text");
  return format;
}

/// What is asked for: a vector each, and what JSON says of it.
struct Queries {
  EmbeddingMatrix vectors;
  std::vector<std::string> members;

  void add(std::span<const float> vector, std::string member) {
    vectors.append(vector);
    members.push_back(std::move(member));
  }
};

void add_texts(const Embedder& embedder, const std::vector<std::string>& texts, Progress& progress, Queries& queries) {
  const TextEmbeddings found = embedder.embed_texts(texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    queries.add(found.vectors.row(i), fmt::format(R"("text":{})", base::json_string(texts[i])));
  }
  const auto cut = std::ranges::count(found.truncated, true);
  if (cut == 0) return;
  progress.note(fmt::format("{} of {} texts were longer than the model's context and were cut", cut, texts.size()));
}

void warn_of(const Pixels& pixels, const std::string& path, Progress& progress) {
  for (const std::string& warning : pixels.warnings) progress.warn(fmt::format("{}: warning: {}", path, warning));
}

void add_image(const Embedder& embedder, const std::string& path, Progress& progress, Queries& queries) {
  const std::vector<std::byte> bytes = embedder::read_input(path, embedder.options().image.max_file_bytes);
  const Pixels pixels = embedder.prepare(bytes, path);
  warn_of(pixels, path, progress);
  queries.add(embedder.embed_images({&pixels, 1}).row(0), fmt::format(R"("image":{})", base::json_string(path)));
}

/// @param table  of `file`, which is for this model.
void add_vectors(const vectors::VectorTable& table, const std::string& file, std::size_t dimensions, Queries& queries) {
  if (table.vectors.dimensions() != dimensions) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected vectors of {} numbers, as the model has, got {}", file,
                                                dimensions, table.vectors.dimensions()));
  }
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    queries.add(table.vectors.row(r), fmt::format(R"("vector":{},"row":{})", base::json_string(file), r));
  }
}

/// @throws Error{kBadArgument} for none, too many, or several where one is drawn.
void check_count(std::size_t count, Format format) {
  if (count == 0) {
    throw Error(Code::kBadArgument, "heatmap: expected a query; give --text, --image or --vector");
  }
  if (count > kMostQueries) {
    throw Error(Code::kBadArgument, fmt::format("heatmap: expected at most {} queries, got {}", kMostQueries, count));
  }
  if (format == Format::kPng && count > 1) {
    throw Error(Code::kBadArgument,
                fmt::format("--out: a PNG shows one map; expected one query, got {}; .json and .npy have all", count));
  }
}

/// The image and its patches.
struct Subject {
  image::Raster picture;  ///< in its own size, if it is to be drawn
  embedder::Patches patches;
};

Subject read_subject(const Embedder& embedder, const std::string& path, bool drawn, Progress& progress) {
  Subject subject;
  const ImageOptions& options = embedder.options().image;
  const std::vector<std::byte> bytes = embedder::read_input(path, options.max_file_bytes);
  const auto keep = [&](const ImageView& shown) { subject.picture = embedder::raster_of(shown); };
  const Pixels pixels = drawn ? embedder.prepare(bytes, path, options, keep) : embedder.prepare(bytes, path);
  warn_of(pixels, path, progress);
  subject.patches = embedder::patches_of(embedder, pixels);
  return subject;
}

std::string text_of(std::span<const std::byte> bytes) {
  std::string text(bytes.size(), '\0');
  std::ranges::transform(bytes, text.begin(), [](std::byte byte) { return static_cast<char>(byte); });
  return text;
}

void write_npy(std::span<const embedder::Heatmap> maps, const embedder::Patches& patches, Output& output) {
  output.write(vectors::npy_header(std::array<std::uint64_t, 3>{maps.size(), patches.rows(), patches.columns()}));
  static_assert(std::endian::native == std::endian::little, "the array is written as little-endian");
  for (const embedder::Heatmap& map : maps) output.write(text_of(std::as_bytes(std::span(map.cosines))));
}

void write_png(const Subject& subject, const embedder::Heatmap& map, bool smooth, Output& output) {
  output.write(text_of(image::encode_png(embedder::draw_heatmap(subject.patches, map, subject.picture, smooth))));
}

void write(const HeatmapArguments& arguments, Format format, const Subject& subject, const Queries& queries,
           Progress& progress) {
  std::vector<embedder::Heatmap> maps;
  for (std::size_t i = 0; i < queries.vectors.rows(); ++i) {
    maps.push_back(embedder::heatmap(subject.patches, queries.vectors.row(i)));
  }
  const auto output = open_output(arguments.out);
  const auto write_json = [&](Output& to) {
    to.write(embedder::heatmaps_json(subject.patches, maps, queries.members) + '\n');
  };
  if (format == Format::kJson) write_json(*output);
  if (format == Format::kNpy) write_npy(maps, subject.patches, *output);
  if (format == Format::kPng) {
    write_png(subject, maps.front(), arguments.smooth, *output);
    const auto legend = open_output(sidecar_of(arguments.out));
    write_json(*legend);
    // A kill must not leave the numbers of one map beside another.
    output->withdraw_old();
    legend->withdraw_old();
    legend->commit();
  }
  output->commit();
  if (format != Format::kPng) return;
  progress.note(fmt::format("dark blue is a cosine of {:.4f}, yellow {:.4f}; {}", maps.front().least, maps.front().most,
                            subject.patches.resolution));
}

int make_heatmap(const HeatmapArguments& arguments) {
  const Format format = check(arguments);
  const std::vector<std::string> texts = values_of(arguments.texts);
  const std::vector<std::string> images = values_of(arguments.images);
  std::vector<std::pair<std::string, vectors::VectorTable>> tables;
  std::size_t count = texts.size() + images.size();
  for (const std::string& file : values_of(arguments.vectors)) {
    tables.emplace_back(file, vectors::read_vectors(file));
    count += tables.back().second.vectors.rows();
  }
  check_count(count, format);
  Progress progress(0, "");
  explain_texts(texts, "--image", progress);
  const Embedder embedder = open_embedder(arguments.model, progress);
  progress.begin("looking at the images");
  Queries queries;
  add_texts(embedder, texts, progress, queries);
  for (const std::string& image : images) add_image(embedder, image, progress, queries);
  for (const auto& [file, table] : tables) {
    if (table.provenance) check_origin(table.provenance, embedder.provenance(), "the model", progress);
    add_vectors(table, file, static_cast<std::size_t>(embedder.dimensions()), queries);
  }
  const Subject subject = read_subject(embedder, arguments.image, format == Format::kPng, progress);
  write(arguments, format, subject, queries, progress);
  return 0;
}

}  // namespace

void add_heatmap(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<HeatmapArguments>();
  command.add_option("IMAGE", arguments->image, "The image; - is standard input")->type_name("")->required();
  arguments->texts = add_repeatable(command, "--text", "A text to look for; may be given again")->type_name("TEXT");
  arguments->images = add_repeatable(command, "--image", "An image to look for; may be given again")->type_name("FILE");
  arguments->vectors =
      add_repeatable(command, "--vector", "Vectors that mi2 embed wrote; may be given again")->type_name("FILE");
  add_model_arguments(command, arguments->model);
  add_one_frame(command, arguments->model.options.image.frames);
  command.add_option("-o,--out", arguments->out, "A file, whose name says what is written (default: JSON)")
      ->type_name("FILE");
  command.add_flag("--smooth", arguments->smooth, "Draw no edges between the cells of FILE.png");
  command.add_flag("--force", arguments->force, "Replace FILE of --out if it already exists");
  command.footer(fmt::format("{}\n{}", kHeatmapHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] { return make_heatmap(*arguments); };
  });
}

}  // namespace mi2::cli
