// mi2 index add: files, folders, zips, DICOMDIRs, what servers have, and vectors, into an archive.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/add.hpp"
#include "archive/object_filter.hpp"
#include "archive/relevance.hpp"
#include "archive/shared.hpp"
#include "archive/sources.hpp"
#include "archive/windows.hpp"
#include "arguments.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/slides.hpp"
#include "energy_arguments.hpp"
#include "exit_status.hpp"
#include "index_add_files.hpp"
#include "index_add_server.hpp"
#include "index_add_vectors.hpp"
#include "index_adding.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "shown_on.hpp"
#include "watched_files.hpp"

namespace mi2::cli {
namespace {

struct IndexAddArguments {
  ModelArguments model;
  std::string archive;
  const CLI::Option* sources = nullptr;
  AddingArguments adding;
  std::optional<SlideOptions> slide;
  bool no_tiles = false;
  bool dry_run = false;
  bool restart = false;  ///< a server is gone through from its start
  std::string watch;     ///< seconds; empty: once
  std::string table;     ///< of what vectors are of
  std::string where;
  std::optional<archive::filter::Expr> chosen{};  ///< what `where` says
  EnergyArguments energy;
  ServerArguments server;
};

constexpr std::string_view kAddHelp = R"(Sources:
  A SOURCE is a file, a folder (every image below it), a zip or a DICOMDIR. A file that is no
  image is counted by reason, as 'mi2 index stats' shows. The archive is made if it is not there:
  in the folder, or in the database of a postgres:// URL ('mi2 index share --help').

{}
{}
What is added:
  Of a DICOM object every frame, with what its header says of modality, body part, date and
  device; of a volume every slice; of other images each page. Series come in the order in which
  their slices lie, and get a vector of their own: the unit mean of their slices'. --slices:
    all       every slice           every:N   the first, and each N-th after it
    max:N     N, evenly spread      center:N  N around the middle
  Planes, localisers, and volumes in time or by b-value are each chosen from alone. Localisers are
  not in the mean, unless a series has nothing else.

  --windows lung,soft,bone embeds each image of a CT through each of these windows ('file': its own),
  and finds it by the best; what is no CT keeps its own. It is said when the archive is made; later
  runs need not say it again.

  With --mpp, --level or --tiles whole slides (DICOM, SVS, tiled TIFF, and what OpenSlide reads) are
  added by their tiles, each an image of its own with its place on the slide; the DICOM objects of a
  series are one slide. The next 'add' of the same sources, and of the same files, does the same;
  another choice computes a slide anew. Without them a slide is read as any other picture.

  What is in the archive already is not computed again: files of the same size and times are
  passed over, and so are copies of an object. A file whose content has changed is computed anew.
  Of two objects with one SOP instance UID the first is kept, and the other is a conflict.
  Each study is committed when it is complete: after a kill or Ctrl-C the same command goes on.

  With --where only objects are added that it lets by, as --where of a search would if they were in the
  archive. What it leaves out is counted, and added by a later run without it; what is in the archive
  stays. slices, kind, frame, position, source and label are not known before something is added, and
  are refused. Of a server all objects are fetched, since only they say what they are; what its query
  chooses (?StudyDate=..) is not.

  With --watch the sources are looked at again every 30 seconds (or --watch SECONDS), until Ctrl-C: what
  is new or has changed is added. Files that were changed within two seconds wait for the next look.
  Between two looks other commands may write to the archive.

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
  mi2 index add --model DIR --windows lung,soft,bone archive/ /mnt/ct
  mi2 index add --model DIR --mpp 0.5 archive/ /mnt/slides
  mi2 index add --model DIR --watch archive/ /mnt/dicom
  mi2 index add --model DIR archive/ 'dicomweb:https://pacs.example/dicom-web?StudyDate=20240101-'
  mi2 index add --model DIR --aet MI2 --port 11113 archive/ dimse:PACS@10.0.0.5:104
  mi2 index add --model DIR archive/ vectors.npy --table images.csv
)";

archive::AddOptions add_options(const IndexAddArguments& arguments, Progress& progress) {
  archive::AddOptions options = adding_options(arguments.adding, arguments.model.options.image);
  archive::Slides& slides = options.survey.slides;
  if (arguments.slide) slides = {archive::Slides::Kind::kTiles, *arguments.slide};
  if (arguments.no_tiles) slides.kind = archive::Slides::Kind::kPictures;
  slides.model_size = [&arguments] { return embedder::model_size(arguments.model.model); };
  options.on_progress = [&progress](const base::Progress& at) {
    progress.show(at);
    throw_if_interrupted();
  };
  options.survey.on_progress = options.on_progress;
  options.survey.where = arguments.chosen;
  return options;
}

void check_sources(const IndexAddArguments& arguments, const std::vector<std::string>& sources) {
  for (const std::string& source : sources) {
    if (source == "-") throw Error(Code::kBadArgument, "-: an archive keeps where an image is; expected a path");
    if (is_on_server(source)) continue;
    // A URL may hold a password: it is not repeated.
    if (source.find("://") != std::string::npos) {
      throw Error(Code::kUnsupported,
                  "source: expected files, a folder, a zip, a DICOMDIR, vectors, dicomweb:URL, orthanc:URL or "
                  "dimse:AET@HOST:PORT, got another URL");
    }
  }
  archive::require_lasting(arguments.model.options.image);
  if (arguments.slide) slide::check(*arguments.slide);
  if ((arguments.slide || arguments.no_tiles) && std::any_of(sources.begin(), sources.end(), is_on_server)) {
    throw Error(
        Code::kUnsupported,
        "--level, --mpp, --tiles and --no-tiles: expected files; what a server has comes object by object, and a "
        "slide is several");
  }
}

/// What of the options makes no sense for vectors that were made before.
void check_options(const IndexAddArguments& arguments) {
  if (!arguments.watch.empty()) throw Error(Code::kBadArgument, "--watch: expected images as SOURCE, got vectors");
  if (arguments.chosen) throw Error(Code::kBadArgument, "--where: expected images as SOURCE, got vectors");
  if (arguments.slide || arguments.no_tiles) {
    throw Error(Code::kBadArgument,
                "--level, --mpp, --tiles and --no-tiles: expected images as SOURCE, got vectors, whose rows say which "
                "there are");
  }
  if (arguments.adding.windows.size() > 1) {
    throw Error(Code::kBadArgument, "--windows: expected images as SOURCE, got vectors, which were seen through one");
  }
  if (archive::to_string(arguments.adding.slices) == "all") return;
  throw Error(Code::kBadArgument, "--slices: expected images as SOURCE, got vectors, whose rows say which there are");
}

/// Adds what is found among the sources, once or again and again.
class IndexAdding {
 public:
  /// @param server  that is the source; null: it is none. @param vectors  that are; null: images are.
  IndexAdding(const IndexAddArguments& arguments, const std::vector<std::string>& sources, const Server* server,
              const VectorSources* vectors, const Embedder& embedder, Progress& progress)
      : arguments_(arguments),
        sources_(sources),
        server_(server),
        vectors_(vectors),
        embedder_(embedder),
        progress_(progress) {}

  /// @returns the exit status.
  int once(const embedder::ExpandedPaths& paths, energy::EnergyMeter& meter) {
    archive::Writer writer = archive::open_for(arguments_.archive, embedder_, windows_of(arguments_.adding));
    const std::int64_t sequence = writer.catalog().sequence();
    const bool first_time = std::exchange(first_time_, false);
    if (first_time) note_other_rows(writer, embedder_, progress_);
    if (first_time && arguments_.restart) forget_cursor(writer.catalog(), *server_);
    std::optional<Code> first;
    const archive::AddOptions options = options_of(first);
    const auto start = std::chrono::steady_clock::now();
    archive::Added added;
    try {
      added = server_ != nullptr    ? pull(writer, embedder_, *server_, options)
              : vectors_ != nullptr ? add_vectors(writer, embedder_, *vectors_, options, progress_)
                                    : archive::add(writer, embedder_, paths, archive::source_of(sources_), options);
    } catch (const Interrupted&) {
      progress_.hide();
      note_energy(writer, sequence, meter, progress_);
      progress_.note("stopped; complete studies are in the archive, the same command goes on from there");
      throw;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress_.hide();
    archive::calibrate(writer, embedder_);
    if (first_time) note_skipped(paths.skipped, progress_);
    if (first_time || writer.catalog().sequence() != sequence) {
      if (server_ != nullptr && added.skipped > 0) {
        progress_.note(fmt::format("{} objects have no pixels to add", added.skipped));
      }
      note_added(added, seconds, progress_);
    }
    note_energy(writer, sequence, meter, progress_);
    if (!first) return 0;
    // Of a server only what is new was asked for.
    const std::string slices = archive::to_string(arguments_.adding.slices);
    if (server_ != nullptr && writer.catalog().settled_below(root_of(*server_), slices) > 0) return kExitPartial;
    return added.images + added.unchanged + added.copies + added.moved > 0 ? kExitPartial : exit_status_of(*first);
  }

  /// Until Ctrl-C. @param files  that have looked at what once() was given, before it was.
  int watch(WatchedFiles& files, std::chrono::seconds pause, const energy::MeterOptions& metered) {
    files.remember();
    progress_.note(fmt::format("looking again every {} s; Ctrl-C ends it", pause.count()));
    try {
      for (;;) {
        progress_.rest();
        {
          const Still still;
          wait_for(pause);
        }
        embedder::ExpandedPaths paths;
        if (server_ == nullptr) {
          paths = expand_inputs(sources_);
          if (!files.look(paths)) continue;
        }
        energy::EnergyMeter meter(metered);
        if (try_once(paths, meter)) files.remember();
      }
    } catch (const Interrupted&) {
      return 0;  // as it was asked to
    }
  }

 private:
  archive::AddOptions options_of(std::optional<Code>& first) {
    archive::AddOptions options = add_options(arguments_, progress_);
    options.batch = batch_of(arguments_.model, embedder_);
    options.survey.left_out = server_ != nullptr ? &left_out_ : nullptr;
    options.on_refused = [this, &first](std::string_view, const Error& error) {
      if (!first) first = error.code();
      // Of what is read again at each look, once.
      if (!said_.insert(error.what()).second) return;
      progress_.hide();
      progress_.warn(error.what());
    };
    options.on_warnings = [this](std::string_view, std::span<const std::string> warnings) {
      progress_.hide();
      for (const std::string& warning : warnings) progress_.warn(fmt::format("warning: {}", warning));
    };
    return options;
  }

  /// @returns false if it has to be tried again: another process writes to the archive, or a server is away.
  bool try_once(const embedder::ExpandedPaths& paths, energy::EnergyMeter& meter) {
    try {
      static_cast<void>(once(paths, meter));
      failure_.clear();
      return true;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal || (server_ == nullptr && error.code() != Code::kOverloaded)) throw;
      progress_.hide();
      if (failure_ != error.what()) progress_.warn(fmt::format("{}; tried again", error.what()));
      failure_ = error.what();
      return false;
    }
  }

  const IndexAddArguments& arguments_;
  const std::vector<std::string>& sources_;
  const Server* server_;
  const VectorSources* vectors_;
  const Embedder& embedder_;
  Progress& progress_;
  archive::LeftOut left_out_;  ///< of a server, which is asked again
  std::set<std::string> said_;
  bool first_time_ = true;
  std::string failure_;  ///< that was said last
};

int index_add(const IndexAddArguments& given) {
  IndexAddArguments arguments = given;
  if (!arguments.where.empty()) {
    arguments.chosen = archive::filter::parse(arguments.where);
    archive::require_of_objects(*arguments.chosen);
  }
  std::vector<std::string> sources = values_of(arguments.sources);
  check_sources(arguments, sources);
  std::optional<std::chrono::seconds> pause;
  if (!arguments.watch.empty()) pause = pause_of(arguments.watch);
  Progress progress("files");
  std::optional<Server> server = server_of(sources, arguments.server, progress);
  if (arguments.restart && !server) {
    throw Error(Code::kBadArgument, "--restart: expected a server as SOURCE; at files every run looks from the start");
  }
  catch_interrupts();
  std::optional<InterruptStop> stop;
  if (server) stop_with(*server, stop.emplace().token());
  // Before the model is loaded: what cannot be written is known at once.
  const base::OnProgress show = shown_on(progress);
  if (const auto archive = archive::find_archive(arguments.archive, show)) {
    archive::require_windows(archive::read_format(*archive).space, arguments.model.options.image,
                             windows_of(arguments.adding), archive->string());
  }
  embedder::ExpandedPaths paths;
  std::optional<VectorSources> vectors;
  if (!server) {
    for (std::string& source : sources) source = archive::whole_path(source);
    vectors = vectors_of(sources, arguments.table, progress);
  }
  if (vectors) check_options(arguments);
  if (!server && !vectors) paths = expand_inputs(sources);
  const energy::MeterOptions metered = meter_options(arguments.energy);
  if (arguments.dry_run && server) {
    return preview_server(arguments.archive, *server, add_options(arguments, progress), progress);
  }
  if (arguments.dry_run && vectors) {
    return preview_vectors(archive::find_archive(arguments.archive), *vectors, add_options(arguments, progress),
                           progress);
  }
  if (arguments.dry_run) {
    return preview_files(arguments.archive, sources, paths, add_options(arguments, progress).survey, progress);
  }
  energy::EnergyMeter meter(metered);
  const Embedder embedder = open_embedder(arguments.model, progress);
  WatchedFiles files;
  // Before they are added: what changes meanwhile is looked at again.
  if (pause) {
    embedder::ExpandedPaths settled = paths;
    files.look(settled);
  }
  for (std::size_t i = 0; vectors && i < vectors->files.size(); ++i) {
    archive::given::require_made_by(*vectors->files[i], embedder, arguments.model.options.image);
  }
  IndexAdding adding(arguments, sources, server ? &*server : nullptr, vectors ? &*vectors : nullptr, embedder,
                     progress);
  const int status = adding.once(paths, meter);
  return pause ? adding.watch(files, *pause, metered) : status;
}

}  // namespace

void add_index_add(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<IndexAddArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  arguments->sources =
      add_positionals(command, "SOURCE", "Files, folders, zips, DICOMDIRs, a server, or vectors")->required();
  add_model_arguments(command, arguments->model);
  add_adding_arguments(command, arguments->adding);
  add_slide(command, arguments->slide);
  CLI::Option* const no_tiles =
      command.add_flag("--no-tiles", arguments->no_tiles, "Read whole slides as pictures, those added by tiles too");
  for (const char* name : {"--level", "--mpp", "--tiles"}) no_tiles->excludes(command.get_option(name));
  CLI::Option* const dry =
      command.add_flag("-n,--dry-run", arguments->dry_run, "Say what would be added, and add nothing");
  command
      .add_flag("--watch{30}", arguments->watch,
                "Look again every so many seconds, and add what is new; --watch SECONDS for others than 30")
      ->excludes(dry);
  command
      .add_flag("--restart", arguments->restart,
                "Forget how far a server was read, and go through all of it; what is in the archive is not added again")
      ->excludes(dry);
  add_where(command, arguments->where, "Add only objects that this lets by");
  add_facts_table(command, arguments->table);
  add_server_arguments(command, arguments->server);
  add_energy_arguments(command, arguments->energy);
  command.footer(fmt::format("{}\n{}\n{}", fmt::format(kAddHelp, vectors_help(), server_help()), where_help(),
                             exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] {
      settle_window(arguments->adding, arguments->model.options.image);
      return index_add(*arguments);
    };
  });
}

}  // namespace mi2::cli
