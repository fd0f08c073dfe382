// mi2 index add: files, folders, zips and DICOMDIRs into an archive.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/add.hpp"
#include "archive/energy.hpp"
#include "archive/relevance.hpp"
#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "energy_arguments.hpp"
#include "exit_status.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "parsed_option.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

struct IndexAddArguments {
  ModelArguments model;
  std::string archive;
  const CLI::Option* sources = nullptr;
  archive::Slices slices;
  std::string site;
  archive::Identifiers identifiers = archive::Identifiers::kHash;
  unsigned jobs = 0;
  int thumbnail = archive::AddOptions{}.thumbnail;
  bool no_thumbnails = false;
  bool dry_run = false;
  EnergyArguments energy;
};

constexpr std::string_view kAddHelp = R"(Sources:
  A SOURCE is a file, a folder (every image below it), a zip or a DICOMDIR. A file that is no
  image is counted by reason, as 'mi2 index stats' shows. The archive is made if it is not there.

What is added:
  Of a DICOM object every frame, with what its header says of modality, body part, date and
  device; of a volume every slice; of other images each page. Series come in the order in which
  their slices lie, and get a vector of their own: the unit mean of their slices'. --slices:
    all       every slice           every:N   the first, and each N-th after it
    max:N     N, evenly spread      center:N  N around the middle

  What is in the archive already is not computed again: files of the same size and times are
  passed over, and so are copies of an object. A file whose content has changed is computed anew.
  Of two objects with one SOP instance UID the first is kept, and the other is a conflict.
  Each study is committed when it is complete: after a kill or Ctrl-C the same command goes on.

Energy:
  What a run takes is measured (RAPL, NVML), estimated, or computed from --watts, and reported at its
  end. The archive keeps the sum and the last run's account: 'mi2 index stats'.

Privacy:
  Patients' names are never kept, and are masked in descriptions. Patient IDs and accession numbers
  become hashes under the archive's own key; --identifiers keep keeps them too, none drops even the
  hashes, and with them what is known of a patient. Patient IDs count by issuer, or else by --site.
  Paths are kept as they are, so that an image can be found again. Thumbnails show what the image
  shows, burned-in names too; --no-thumbnails keeps none.

Examples:
  mi2 index add --model DIR archive/ /mnt/dicom
  mi2 index add --model DIR --slices max:32 --site north archive/ export.zip DICOMDIR
  mi2 index add --model DIR --dry-run archive/ new/
)";

/// An archive is searched from anywhere: a path means the same file there. Links stay as they are.
std::string whole_path(const std::string& source) {
  std::error_code error;
  const fs::path whole = fs::absolute(source, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: {}", source, error.message()));
  std::string path = whole.lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

/// How many bytes and images a source has does not matter here: only what it is called.
archive::Source source_of(const std::vector<std::string>& sources) {
  std::error_code ignored;
  const bool folder = sources.size() == 1 && fs::is_directory(sources.front(), ignored);
  std::string all;
  for (const std::string& source : sources) {
    if (!all.empty()) all += ' ';
    all += source;
  }
  return {folder ? "folder" : "files", all};
}

archive::SurveyOptions survey_options(const IndexAddArguments& arguments, Progress& progress) {
  archive::SurveyOptions options;
  options.slices = arguments.slices;
  options.site = arguments.site;
  options.identifiers = arguments.identifiers;
  options.threads = arguments.jobs;
  options.image = arguments.model.options.image;
  options.on_progress = [&progress](const base::Progress& at) {
    progress.show(at);
    throw_if_interrupted();
  };
  return options;
}

void check_sources(const IndexAddArguments& arguments, const std::vector<std::string>& sources) {
  for (const std::string& source : sources) {
    if (source == "-") throw Error(Code::kBadArgument, "-: an archive keeps where an image is; expected a path");
    if (source.find("://") != std::string::npos || source.starts_with("dicomweb:") || source.starts_with("dimse:")) {
      throw Error(Code::kUnsupported, fmt::format("{}: expected files, a folder, a zip or a DICOMDIR", source));
    }
  }
  if (arguments.model.options.image.intensity.scope == Intensity::Scope::kSeries) {
    throw Error(Code::kUnsupported,
                "--intensity series: vectors would change as a series grows; expected a rule of an "
                "image");
  }
}

int dry_run(const IndexAddArguments& arguments, const embedder::ExpandedPaths& paths, Progress& progress) {
  std::optional<archive::Catalog> catalog;
  if (archive::is_archive(arguments.archive)) {
    static_cast<void>(archive::read_format(arguments.archive));
    catalog.emplace(arguments.archive, archive::Catalog::Access::kRead);
  }
  const std::string key = catalog ? archive::read_key(arguments.archive) : std::string();
  const archive::Survey found =
      archive::survey(paths.inputs, survey_options(arguments, progress), catalog ? &*catalog : nullptr, key);
  progress.hide();
  std::size_t refused = 0;
  std::size_t files = 0;
  for (const archive::SurveyedFile& file : found.files) {
    if (file.error) progress.warn(file.error->what());
    refused += file.kind == archive::SurveyedFile::Kind::kRefused ? 1 : 0;
  }
  for (const archive::Unit& unit : found.units) files += unit.frames.empty() ? 0 : unit.files.size();
  note_skipped(paths.skipped, progress);
  progress.note(fmt::format("{} images of {} files would be embedded; {} files refused", found.frames, files, refused));
  return refused == 0 ? 0 : kExitPartial;
}

void note_added(const archive::Added& added, double seconds, Progress& progress) {
  std::string line = fmt::format("{} images added", added.images);
  if (added.images > 0) {
    line += fmt::format(" in {} ({:.1f} images/s)", duration_text(seconds),
                        static_cast<double>(added.images) / std::max(seconds, 1e-3));
  }
  const auto also = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) line += fmt::format(", {} {}", count, what);
  };
  also(added.unchanged, "files unchanged");
  also(added.replaced, "files replaced");
  also(added.moved, "files moved");
  also(added.copies, "copies");
  also(added.conflicts, "conflicts");
  also(added.refused, "refused");
  progress.note(line);
  if (added.conflicts > 0) {
    progress.warn(fmt::format("{} objects have the SOP instance UID of another one, which was kept", added.conflicts));
  }
  if (added.telling_paths > 0) {
    progress.warn(
        fmt::format("{} paths hold a patient's name or identifier; paths are kept as they are", added.telling_paths));
  }
}

/// Keeps and says what the run has taken, if anything came of it.
void note_energy(archive::Writer& writer, std::int64_t before, energy::EnergyMeter& meter, Progress& progress) {
  if (writer.catalog().sequence() == before) return;
  const energy::Account account = meter.account();
  archive::add_energy(writer, account);
  progress.note(fmt::format("energy: {}", energy::summary(account)));
}

/// The archive that is there, if it is of this space; else a new one.
archive::Writer open_archive(const IndexAddArguments& arguments, const Embedder& embedder, Progress& progress) {
  const archive::Space space = archive::space_of(embedder);
  if (!archive::is_archive(arguments.archive)) {
    return archive::Writer::create(arguments.archive, static_cast<std::size_t>(embedder.dimensions()), space);
  }
  archive::Writer writer{fs::path(arguments.archive)};
  archive::require_same(writer.format().space, space, arguments.archive, "the model and its options");
  for (const auto& [made_by, rows] : writer.catalog().counts("count_space")) {
    if (made_by.find(fmt::format(" {} mi2 ", embedder.provenance().dtype)) != std::string::npos) continue;
    progress.note(fmt::format("{} rows of the archive were computed otherwise ({}); the new ones in {}", rows, made_by,
                              embedder.provenance().dtype));
  }
  return writer;
}

int index_add(const IndexAddArguments& arguments) {
  std::vector<std::string> sources = values_of(arguments.sources);
  check_sources(arguments, sources);
  for (std::string& source : sources) source = whole_path(source);
  catch_interrupts();
  // Before the model is loaded: what cannot be written is known at once.
  if (archive::is_archive(arguments.archive)) static_cast<void>(archive::read_format(arguments.archive));
  Progress progress("files");
  embedder::ExpandedPaths paths = expand_inputs(sources);
  energy::MeterOptions metered = meter_options(arguments.energy);
  if (arguments.dry_run) return dry_run(arguments, paths, progress);
  energy::EnergyMeter meter(std::move(metered));
  const Embedder embedder = open_embedder(arguments.model, progress);
  archive::Writer writer = open_archive(arguments, embedder, progress);
  const std::int64_t sequence = writer.catalog().sequence();
  archive::AddOptions options;
  options.survey = survey_options(arguments, progress);
  options.batch = batch_of(arguments.model, embedder);
  options.thumbnail = arguments.no_thumbnails ? 0 : arguments.thumbnail;
  options.on_progress = options.survey.on_progress;
  std::optional<Code> first;
  options.on_refused = [&](std::string_view, const Error& error) {
    if (!first) first = error.code();
    progress.hide();
    progress.warn(error.what());
  };
  options.on_warnings = [&](std::string_view, std::span<const std::string> warnings) {
    progress.hide();
    for (const std::string& warning : warnings) progress.warn(fmt::format("warning: {}", warning));
  };
  progress.keep_alive();
  const auto start = std::chrono::steady_clock::now();
  archive::Added added;
  try {
    added = archive::add(writer, embedder, paths, source_of(sources), options);
  } catch (const Interrupted&) {
    progress.hide();
    note_energy(writer, sequence, meter, progress);
    progress.note("stopped; complete studies are in the archive, the same command goes on from there");
    throw;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  progress.hide();
  archive::calibrate(writer, embedder);
  note_skipped(paths.skipped, progress);
  note_added(added, seconds, progress);
  note_energy(writer, sequence, meter, progress);
  if (!first) return 0;
  return added.images + added.unchanged + added.copies + added.moved > 0 ? kExitPartial : exit_status_of(*first);
}

}  // namespace

void add_index_add(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<IndexAddArguments>();
  add_archive(command, arguments->archive);
  arguments->sources = add_positionals(command, "SOURCE", "Files, folders, zips or DICOMDIRs")->required();
  add_model_arguments(command, arguments->model);
  add_parsed(command, "--slices", arguments->slices, archive::parse_slices,
             "Slices of a series that are embedded: all, max:N, every:N or center:N")
      ->type_name("SELECTION")
      ->default_str("all");
  command
      .add_option("--site", arguments->site, "Where the studies come from; keeps equal patient IDs of two sites apart")
      ->type_name("NAME");
  add_parsed(command, "--identifiers", arguments->identifiers, archive::parse_identifiers,
             "Patient IDs and accession numbers: hash, keep (them too) or none")
      ->type_name("hash|keep|none")
      ->transform(one_of({"hash", "keep", "none"}))
      ->default_str("hash");
  command.add_option("-j,--jobs", arguments->jobs, "Threads that read and decode (default: one per core)")
      ->type_name("N")
      ->check(CLI::Range(1U, 1024U).description(""));
  CLI::Option* const thumbnails = command
                                      .add_option("--thumbnails", arguments->thumbnail,
                                                  "Longer side of the thumbnail that is kept of each image, in pixels")
                                      ->type_name("PIXELS")
                                      ->check(CLI::Range(32, 1024).description(""))
                                      ->capture_default_str();
  command.add_flag("--no-thumbnails", arguments->no_thumbnails, "Keep none")->excludes(thumbnails);
  command.add_flag("-n,--dry-run", arguments->dry_run, "Say what would be added, and add nothing");
  add_energy_arguments(command, arguments->energy);
  command.footer(fmt::format("{}\n{}", kAddHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] { return index_add(*arguments); };
  });
}

}  // namespace mi2::cli
