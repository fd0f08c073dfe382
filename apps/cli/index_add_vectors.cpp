#include "index_add_vectors.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/catalog.hpp"
#include "archive/windows.hpp"
#include "exit_status.hpp"
#include "zip/images/expand.hpp"

namespace mi2::cli {
namespace {

constexpr std::string_view kVectorsHelp = R"(Vectors that were made before:
  A SOURCE may also be a file of vectors, .npy, .jsonl or .csv: what 'mi2 embed --out' wrote, or an
  array [rows, dimensions] of float32 or float64. No image goes through the model again but eight,
  whose vectors are compared with the file's. --model says what made the vectors; a file with
  --provenance of another model is refused. A row whose path leads to a file here becomes what adding
  that file would make of it, thumbnail and all; of another row only the vector is kept, and what the
  table says. --table FILE.csv has a line for each image, by its column path (or file, id, ..), or in
  the order of rows that have no names. Its other columns are called as the fields of --where are
  (modality, body_part, date, study, series, site, ..), and patient, which becomes a hash. A DICOM
  header goes before the table. Vectors whose length is not 1 are refused.
)";

archive::given::GivenOptions given_options(const VectorSources& sources, const archive::AddOptions& options) {
  archive::given::GivenOptions given;
  given.add = options;
  given.table = sources.table ? &*sources.table : nullptr;
  given.archive = zip::images::expand;
  return given;
}

archive::Source source_of(const vectors::VectorFile& file) {
  return {std::string(archive::given::kKind), file.source()};
}

void note_unused(const VectorSources& sources, Progress& progress) {
  if (!sources.table || sources.table->unused().empty()) return;
  progress.note(
      fmt::format("{}: columns of no field: {}", sources.table->name(), fmt::join(sources.table->unused(), ", ")));
}

}  // namespace

void add_facts_table(CLI::App& command, std::string& table) {
  command.add_option("--table", table, "What the images of a file of vectors are, a line each")->type_name("FILE.csv");
}

std::string vectors_help() { return std::string(kVectorsHelp); }

std::optional<VectorSources> vectors_of(const std::vector<std::string>& sources, const std::string& table,
                                        Progress& progress) {
  const auto is_vectors = [](const std::string& source) {
    std::error_code ignored;
    return !std::filesystem::is_directory(source, ignored) && vectors::is_vector_file(source);
  };
  const auto count = std::ranges::count_if(sources, is_vectors);
  if (count == 0 && !table.empty()) {
    throw Error(Code::kBadArgument, "--table: expected a file of vectors as the SOURCE, .npy, .jsonl or .csv");
  }
  if (count == 0) return std::nullopt;
  if (static_cast<std::size_t>(count) < sources.size()) {
    throw Error(Code::kBadArgument, "source: expected files of vectors alone, or images, in a run");
  }
  if (!table.empty() && sources.size() > 1) {
    throw Error(Code::kBadArgument, "--table: expected one file of vectors, got several");
  }
  const Waiting waiting("reading vectors");
  VectorSources found;
  for (const std::string& source : sources) found.files.push_back(vectors::VectorFile::open(source));
  if (!table.empty()) found.table = archive::given::FactsTable::read(table);
  note_unused(found, progress);
  return found;
}

archive::Added add_vectors(archive::Writer& archive, const Embedder& embedder, const VectorSources& sources,
                           const archive::AddOptions& options, Progress& progress) {
  archive::Added added;
  for (const auto& file : sources.files) {
    const archive::given::Given given =
        archive::given::add(archive, embedder, *file, source_of(*file), given_options(sources, options));
    progress.hide();
    added += given.added;
    if (given.compared > 0) {
      progress.detail(fmt::format("{}: {} vectors are those that the model makes", file->source(), given.compared));
    } else if (!file->provenance() && given.added.images > 0) {
      progress.note(fmt::format("{}: nothing but --model says what made its vectors", file->source()));
    }
    if (given.without_pixels > 0) {
      progress.note(fmt::format("{}: {} images are in no file here: kept without pictures", file->source(),
                                given.without_pixels));
    }
    if (given.newer > 0) {
      progress.warn(fmt::format("{}: {} images were written after their vectors; if they have changed, add the images",
                                file->source(), given.newer));
    }
    if (given.without_line > 0) {
      progress.note(
          fmt::format("{}: {} images have no line in {}", file->source(), given.without_line, sources.table->name()));
    }
    if (given.unused_lines > 0) {
      progress.note(
          fmt::format("{}: {} lines are of no row of {}", sources.table->name(), given.unused_lines, file->source()));
    }
  }
  return added;
}

int preview_vectors(const std::optional<std::filesystem::path>& archive, const VectorSources& sources,
                    const archive::AddOptions& options, Progress& progress) {
  std::optional<archive::Catalog> catalog;
  std::string key;
  if (archive) {
    archive::require_one_window(archive::read_format(*archive).space, archive->string());
    catalog.emplace(*archive, archive::Catalog::Access::kRead);
    key = archive::read_key(*archive);
  }
  archive::given::Preview all;
  for (const auto& file : sources.files) {
    const archive::given::Preview one = archive::given::preview(catalog ? &*catalog : nullptr, key, *file,
                                                                source_of(*file), given_options(sources, options));
    all.images += one.images;
    all.unchanged += one.unchanged;
    all.refused += one.refused;
    all.without_pixels += one.without_pixels;
    all.by_name += one.by_name;
  }
  progress.hide();
  progress.note(fmt::format("{} vectors would be added, {} images are there already, {} refused", all.images,
                            all.unchanged, all.refused));
  if (all.by_name > 0) {
    progress.note(
        fmt::format("{} of those that are there have no file any more: their vectors are compared when they "
                    "are added",
                    all.by_name));
  }
  return all.refused == 0 ? 0 : kExitPartial;
}

}  // namespace mi2::cli
