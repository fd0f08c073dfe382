// What is done to an archive's folder, and what is judged of all of it. Long: told to Python, and ended by Ctrl-C.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive.hpp"
#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "archive/drift.hpp"
#include "archive/embed_again.hpp"
#include "archive/energy.hpp"
#include "archive/filter/filter.hpp"
#include "archive/given/facts_table.hpp"
#include "archive/given/given.hpp"
#include "archive/heads/tag_head.hpp"
#include "archive/judgement_answers.hpp"
#include "archive/object_filter.hpp"
#include "archive/outliers.hpp"
#include "archive/reader.hpp"
#include "archive/relevance.hpp"
#include "archive/shared.hpp"
#include "archive/sources.hpp"
#include "archive/tags.hpp"
#include "archive/upkeep.hpp"
#include "archive/windows.hpp"
#include "archive_writing.hpp"
#include "base/json_text.hpp"
#include "base/thread_pool.hpp"
#include "base/utf8.hpp"
#include "bindings.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"
#include "energy/meter.hpp"
#include "images.hpp"
#include "slide/slide.hpp"
#include "vectors/vector_file.hpp"
#include "zip/images/expand.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

void create(const std::filesystem::path& folder, const Embedder& embedder, const std::optional<std::string>& windows) {
  archive::require_lasting(embedder.options().image);
  archive::Space space = archive::space_of(embedder);
  if (windows) {
    if (embedder.options().image.window) {
      throw Error(Code::kBadArgument, "windows: expected a model without a window of its own, got one with");
    }
    const std::vector<std::string> names = archive::parse_windows(*windows);
    if (names.size() == 1 && names.front() != archive::kOwnWindow) {
      throw Error(Code::kBadArgument, "windows: expected several, or file; one alone is the model's");
    }
    space.windows = fmt::format("{}", fmt::join(names, ","));
  }
  if (archive::is_archive(folder)) {
    throw Error(Code::kBadArgument, fmt::format("{}: an archive already exists here", folder.string()));
  }
  static_cast<void>(archive::Writer::create(folder, static_cast<std::size_t>(embedder.dimensions()), space));
}

/// A path need not be UTF-8.
nb::object name_object(std::string_view name) {
  const auto size = static_cast<Py_ssize_t>(name.size());
  return nb::steal(PyUnicode_DecodeFSDefaultAndSize(name.data(), size));
}

std::string added_json(const archive::Added& added) {
  return fmt::format(R"({{"images": {}, "studies": {}, "unchanged": {}, "copies": {}, "conflicts": {}, "moved": {}, )"
                     R"("replaced": {}, "refused": {}, "skipped": {}, "telling_paths": {}, "left_out": {}}})",
                     added.images, added.studies, added.unchanged, added.copies, added.conflicts, added.moved,
                     added.replaced, added.refused, added.skipped, added.telling_paths, added.left_out);
}

/// Adds, and keeps what it cost.
archive::Added add_metered(const std::filesystem::path& folder, const Embedder& embedder,
                           const std::function<archive::Added(archive::Writer&)>& add) {
  archive::Added added;
  write_metered([&] { return archive::open_for(folder, embedder, windows_for(folder, embedder)); }, embedder,
                [&](archive::Writer& writer) { added = add(writer); });
  return added;
}

/// @param tiles  "none": as pictures.
archive::Slides slides_asked_for(const std::optional<std::string>& level, const std::optional<std::string>& mpp,
                                 const std::optional<std::string>& tiles) {
  archive::Slides slides;
  if (!level && !mpp && !tiles) return slides;
  slides.kind = tiles == "none" ? archive::Slides::Kind::kPictures : archive::Slides::Kind::kTiles;
  if (level) slides.tiles.level = parse_level(*level);
  if (mpp) slides.tiles.mpp = parse_mpp(*mpp);
  if (tiles && tiles != "none") slides.tiles.tiles = parse_tiles(*tiles);
  slide::check(slides.tiles);
  if (slides.kind == archive::Slides::Kind::kPictures && (level || mpp)) {
    throw Error(Code::kBadArgument, "tiles: expected tissue or all with level or mpp, got none");
  }
  return slides;
}

/// @param on_error, on_progress  outlive the options.
archive::AddOptions add_options(const Embedder& embedder, const std::string& site, const std::string& identifiers,
                                unsigned threads, int thumbnail, std::size_t batch, const nb::object& on_error,
                                const nb::callable& on_progress) {
  archive::AddOptions options;
  options.survey.site = site;
  options.survey.identifiers = archive::parse_identifiers(identifiers);
  options.survey.threads = threads;
  options.survey.image = embedder.options().image;
  options.survey.on_progress = told_to(on_progress);
  options.batch = batch != 0 ? batch : embedder::usual_batch(embedder.options().device);
  options.thumbnail = thumbnail;
  options.on_progress = options.survey.on_progress;
  options.on_refused = [&on_error](std::string_view name, const Error& error) {
    const nb::gil_scoped_acquire locked;
    if (!on_error.is_none()) on_error(name_object(name), error_object(error));
  };
  options.on_warnings = [](std::string_view name, std::span<const std::string> warnings) {
    const nb::gil_scoped_acquire locked;
    for (const std::string& warning : warnings) warn(base::printable(fmt::format("{}: {}", name, warning)));
  };
  return options;
}

std::string add(const std::filesystem::path& folder, const Embedder& embedder,
                const std::vector<std::filesystem::path>& paths, const std::string& slices, const std::string& site,
                const std::string& identifiers, unsigned threads, int thumbnail, std::size_t batch,
                const nb::object& on_error, const nb::callable& on_progress, const std::optional<std::string>& level,
                const std::optional<std::string>& mpp, const std::optional<std::string>& tiles,
                const std::optional<std::string>& where) {
  archive::AddOptions options =
      add_options(embedder, site, identifiers, threads, thumbnail, batch, on_error, on_progress);
  options.survey.where = parsed(where);
  if (options.survey.where) archive::require_of_objects(*options.survey.where);
  options.survey.slides = slides_asked_for(level, mpp, tiles);
  options.survey.slices = archive::parse_slices(slices);
  const nb::gil_scoped_release unlocked;
  std::vector<std::string> sources;
  for (const std::filesystem::path& path : paths) sources.push_back(archive::whole_path(path.string()));
  const embedder::ExpandedPaths expanded = embedder::expand_paths(sources, zip::images::expand);
  return added_json(add_metered(folder, embedder, [&](archive::Writer& writer) {
    return archive::add(writer, embedder, expanded, archive::source_of(sources), options);
  }));
}

using Numbers = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

/// @param names  what each row is of; empty: the table says. @param made_by  the five parts of a Provenance.
std::unique_ptr<vectors::VectorFile> vectors_of(const Numbers& numbers, const std::vector<std::string>& names,
                                                const std::vector<std::uint64_t>& frames,
                                                const std::optional<std::vector<std::string>>& made_by,
                                                const std::string& source) {
  std::optional<Provenance> provenance;
  if (made_by) provenance = {made_by->at(0), made_by->at(1), made_by->at(2), made_by->at(3), made_by->at(4)};
  std::vector<vectors::NamedRow> rows(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    rows[i].name = names[i];
    if (!frames.empty()) rows[i].frame = frames[i];
  }
  return vectors::VectorFile::of({numbers.data(), numbers.data() + numbers.size()}, numbers.shape(1), std::move(rows),
                                 provenance, source);
}

/// @param given  a file, or an array with what its rows are of.
/// @param table  the text of a CSV, in place of a file.
std::string add_vectors(const std::filesystem::path& folder, const Embedder& embedder,
                        const std::variant<std::string, Numbers>& given, const std::vector<std::string>& names,
                        const std::vector<std::uint64_t>& frames,
                        const std::optional<std::vector<std::string>>& provenance, const std::string& source,
                        const std::optional<std::string>& table, const std::optional<std::filesystem::path>& table_file,
                        const std::string& site, const std::string& identifiers, unsigned threads, int thumbnail,
                        const nb::object& on_error, const nb::callable& on_progress) {
  const archive::AddOptions options =
      add_options(embedder, site, identifiers, threads, thumbnail, 0, on_error, on_progress);
  const nb::gil_scoped_release unlocked;
  std::unique_ptr<vectors::VectorFile> file;
  if (const auto* const path = std::get_if<std::string>(&given)) {
    static_cast<void>(vectors::is_vector_file(*path));
    file = vectors::VectorFile::open(*path);
  } else {
    file = vectors_of(std::get<Numbers>(given), names, frames, provenance, source);
  }
  std::optional<archive::given::FactsTable> facts;
  if (table) facts = archive::given::FactsTable::parse(*table, "table");
  if (table_file) facts = archive::given::FactsTable::read(*table_file);
  if (std::holds_alternative<Numbers>(given) && !file->named() && (!facts || !facts->named())) {
    throw Error(Code::kBadArgument, "paths: expected one of each vector, or a table with a column path or id");
  }
  archive::given::GivenOptions how;
  how.add = options;
  how.table = facts ? &*facts : nullptr;
  how.archive = zip::images::expand;
  archive::given::require_made_by(*file, embedder, options.survey.image);
  const archive::Source called{std::string(archive::given::kKind), file->source()};
  return added_json(add_metered(folder, embedder, [&](archive::Writer& writer) {
    return archive::given::add(writer, embedder, *file, called, how).added;
  }));
}

std::string outliers(const std::filesystem::path& folder, const std::string& reference,
                     const std::optional<std::string>& test, const std::string& pooling, std::size_t k, double quantile,
                     const std::optional<double>& threshold, unsigned threads, const nb::callable& on_progress) {
  archive::OutlierOptions options;
  options.reference = archive::filter::parse(reference);
  options.test = parsed(test);
  options.pooling = archive::parse_pooling(pooling);
  options.k = k;
  options.quantile = quantile;
  options.threshold = threshold;
  options.on_progress = told_to(on_progress);
  const nb::gil_scoped_release unlocked;
  archive::Reader reader(folder);
  base::ThreadPool pool(threads);
  const archive::OutlierAnswer answer = archive::find_outliers(reader, options, pool);
  return archive::outliers_json(reader, answer, options.pooling, {});
}

std::string drift(const std::filesystem::path& folder, const std::string& reference,
                  const std::optional<std::string>& test, const std::vector<std::string>& by, std::size_t permutations,
                  std::size_t sample, std::size_t moved, std::uint64_t seed, unsigned threads,
                  const nb::callable& on_progress) {
  archive::DriftOptions options;
  options.reference = archive::filter::parse(reference);
  options.test = parsed(test);
  options.by = by;
  options.permutations = permutations;
  options.sample = sample;
  options.moved = moved;
  options.seed = seed;
  options.on_progress = told_to(on_progress);
  const nb::gil_scoped_release unlocked;
  archive::Reader reader(folder);
  base::ThreadPool pool(threads);
  const archive::DriftAnswer answer = archive::find_drift(reader, options, pool);
  return archive::drift_json(reader, answer, options.by, {});
}

std::string tags(const std::filesystem::path& folder, const std::string& field, std::size_t k, double min_agreement,
                 const std::optional<std::string>& where, const std::optional<std::filesystem::path>& head,
                 unsigned threads, const nb::callable& on_progress) {
  archive::TagOptions options;
  options.field = field;
  options.k = k;
  options.min_agreement = min_agreement;
  options.where = parsed(where);
  options.on_progress = told_to(on_progress);
  const nb::gil_scoped_release unlocked;
  archive::Reader reader(folder);
  base::ThreadPool pool(threads);
  if (head) {
    auto adapter = std::make_shared<const adapter::Adapter>(adapter::Adapter::open(*head));
    archive::heads::use_head(head->string(), std::move(adapter), reader.format(), options);
  }
  const archive::TagAnswer answer = archive::check_tags(reader, options, pool);
  return archive::tags_json(reader, answer, field, {});
}

using Removed = std::tuple<std::uint64_t, std::size_t, bool>;

Removed take_out(const std::filesystem::path& folder, const std::optional<std::string>& study,
                 const std::optional<std::string>& patient, const std::string& site,
                 const std::optional<std::string>& where, const std::optional<std::string>& source, bool erase) {
  archive::Choice choice;
  choice.study = study.value_or(std::string());
  choice.where = parsed(where);
  archive::Writer writer{folder};
  if (patient) choice.patient_key = archive::pseudonym(writer.key(), site, *patient);
  if (source) choice.source = archive::find_source(writer.catalog(), *source, folder.string());
  const archive::Removal removal = archive::find_removal(writer.catalog(), choice);
  if (removal.instances.empty() && !source) {
    throw Error(Code::kNotFound, fmt::format("{}: nothing that this chooses{}", folder.string(),
                                             patient ? "; a patient ID counts by its issuer or the site" : ""));
  }
  const bool clean = archive::remove(writer, removal, erase);
  return {removal.images, removal.instances.size(), clean};
}

/// @param embedder  embeds some images again, unless there is damage already; null: none are.
std::string verify(const std::filesystem::path& folder, bool deep, const Embedder* embedder,
                   const nb::callable& on_progress) {
  const nb::gil_scoped_release unlocked;
  if (embedder != nullptr) {
    archive::require_asking(archive::read_format(folder).space, *embedder, false, folder.string());
  }
  archive::VerifyReport report = archive::verify(folder, deep, told_to(on_progress));
  archive::EmbeddedAgain again;
  if (embedder != nullptr && report.problems.empty()) {
    archive::Reader reader(folder);
    again = archive::embed_again(reader, *embedder, told_to(on_progress));
  }
  report.problems.insert(report.problems.end(), again.others.begin(), again.others.end());
  std::string left_out;
  for (const auto& [why, images] : again.left_out) {
    left_out += fmt::format("{}{}: {}", left_out.empty() ? "" : ", ", base::json_string(why), images);
  }
  return fmt::format(R"({{"rows": {}, "problems": {}, "embedded_again": {}, "left_out": {{{}}}}})", report.rows,
                     base::json_strings(report.problems), again.compared, left_out);
}

std::pair<std::uint64_t, std::int64_t> backup(const std::filesystem::path& folder, const std::filesystem::path& to,
                                              const nb::callable& on_progress) {
  const nb::gil_scoped_release unlocked;
  const archive::BackedUp done = archive::backup(folder, to, told_to(on_progress));
  return {done.rows, done.snapshot};
}

}  // namespace

std::string windows_for(const std::filesystem::path& folder, const Embedder& embedder) {
  if (archive::is_shared(folder.native()) || !archive::is_archive(folder)) return {};
  const archive::Space space = archive::read_format(folder).space;
  if (archive::several_windows(space).empty()) return {};
  const ImageOptions usual = archive::options_of(space, embedder.options().image);
  return embedder.options().image.window == usual.window ? space.windows : std::string();
}

void write_metered(const std::function<archive::Writer()>& open, const Embedder& embedder,
                   const std::function<void(archive::Writer&)>& write) {
  archive::require_lasting(embedder.options().image);
  energy::EnergyMeter meter(energy::MeterOptions{});
  archive::Writer writer = open();
  const std::int64_t before = writer.catalog().sequence();
  try {
    write(writer);
  } catch (const nb::python_error&) {
    archive::keep_energy(writer, before, meter);
    throw;
  }
  archive::calibrate(writer, embedder);
  archive::keep_energy(writer, before, meter);
}

void bind_archive_tasks(nb::module_& module) {
  using Unlocked = nb::call_guard<nb::gil_scoped_release>;
  module.def("archive_create", &create, "folder"_a, "embedder"_a, "windows"_a.none(), Unlocked(),
             "An empty archive for a model's vectors.");
  module.def("archive_add", &add, "folder"_a, "embedder"_a, "paths"_a, nb::kw_only(), "slices"_a, "site"_a,
             "identifiers"_a, "threads"_a, "thumbnail"_a, "batch"_a, "on_error"_a.none(), "on_progress"_a,
             "level"_a.none(), "mpp"_a.none(), "tiles"_a.none(), "where"_a.none(),
             "An object of counts. on_error: called with the name and the Error of what cannot be read.");
  module.def("archive_add_vectors", &add_vectors, "folder"_a, "embedder"_a, "given"_a, nb::kw_only(), "names"_a,
             "frames"_a, "provenance"_a.none(), "source"_a, "table"_a.none(), "table_file"_a.none(), "site"_a,
             "identifiers"_a, "threads"_a, "thumbnail"_a, "on_error"_a.none(), "on_progress"_a,
             "As archive_add, of a file of vectors or an array.");
  module.def("archive_outliers", &outliers, "folder"_a, nb::kw_only(), "reference"_a, "test"_a.none(), "pooling"_a,
             "k"_a, "quantile"_a, "threshold"_a.none(), "threads"_a, "on_progress"_a);
  module.def("archive_drift", &drift, "folder"_a, nb::kw_only(), "reference"_a, "test"_a.none(), "by"_a,
             "permutations"_a, "sample"_a, "moved"_a, "seed"_a, "threads"_a, "on_progress"_a);
  module.def("archive_tags", &tags, "folder"_a, nb::kw_only(), "field"_a, "k"_a, "min_agreement"_a, "where"_a.none(),
             "head"_a.none(), "threads"_a, "on_progress"_a);
  module.def("archive_remove", &take_out, "folder"_a, nb::kw_only(), "study"_a.none(), "patient"_a.none(), "site"_a,
             "where"_a.none(), "source"_a.none(), "erase"_a, Unlocked(),
             "(images, objects, whether nothing of what was erased is left)");
  module.def("archive_verify", &verify, "folder"_a, "deep"_a, "embedder"_a.none(), "on_progress"_a,
             "An object: rows, problems, and of images that were embedded again how many.");
  module.def("archive_backup", &backup, "folder"_a, "to"_a, "on_progress"_a, "(rows, snapshot)");
}

}  // namespace mi2::python
