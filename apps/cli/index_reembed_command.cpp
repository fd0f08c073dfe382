// mi2 index reembed and overlap: an archive's images in another space, and what that changes.

#include <algorithm>
#include <chrono>
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
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/overlap.hpp"
#include "archive/reader.hpp"
#include "archive/reembed.hpp"
#include "archive/relevance.hpp"
#include "archive/sources.hpp"
#include "archive/windows.hpp"
#include "arguments.hpp"
#include "base/json_text.hpp"
#include "base/thread_pool.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "energy_arguments.hpp"
#include "exit_status.hpp"
#include "index_adding.hpp"
#include "index_command.hpp"
#include "index_results.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "shown_on.hpp"
#include "zip/images/expand.hpp"

namespace mi2::cli {
namespace {

struct CompareArguments {
  archive::OverlapOptions options;
  std::string format = "table";
};

struct ReembedArguments {
  ModelArguments model;
  const CLI::App* command = nullptr;  ///< which options were given
  std::string from;
  std::string to;
  unsigned jobs = 0;
  std::optional<int> thumbnail;
  bool no_thumbnails = false;
  EnergyArguments energy;
  CompareArguments compare;
};

struct OverlapArguments {
  std::string first;
  std::string second;
  unsigned threads = 0;
  CompareArguments compare;
};

constexpr std::string_view kReembedHelp = R"(What it does:
  Every live image of ARCHIVE is read again from where it was, embedded with --model, and put into
  the archive in NEW, which is made if it is not there. Frames, patients' pseudonyms (with ARCHIVE's
  key), sites and the kind of identifiers stay the same. --profile, --window, --intensity and
  --plane are ARCHIVE's unless they are given. ARCHIVE is only read, and can be searched and added
  to meanwhile.

  After a kill or Ctrl-C the same command goes on. Run it again when ARCHIVE has changed: what is
  new there is embedded, and what it no longer has is erased from NEW too, except for what others
  have added to NEW.

  Labels of images, series and studies come along where NEW says nothing yet.

What is left:
  Objects whose files are missing, have changed since they were added, or cannot be read, and those
  that came over a network and are in no file ('no file: dicomweb'). They are counted by reason,
  named with --verbose, and the status is 8. 'mi2 index add NEW SOURCE' adds what was left, from its
  server or from other files.

What is reported:
  How many images both archives have, and of a sample the mean share of the -k nearest images of
  other patients that are the same in both: 'mi2 index overlap ARCHIVE NEW'.

Then:
  Serve NEW: make a new link to it, rename it over the one that 'mi2 serve --archive NAME=LINK' was
  given, and send SIGHUP. The other way leads back.

Examples:
  mi2 index reembed --model new-model archive-1/ archive-2/
  ln -s archive-2 next && mv -T next archive && kill -HUP $(pidof mi2)
)";

constexpr std::string_view kOverlapHelp =
    R"(Of a sample of the images that both archives have, the nearest images of other patients are
searched in either, among the images that both have. The overlap is the mean share that is found in
both: 1 if another model, dtype or profile changes no neighbour. The same --seed draws the same
images. Patients are those of the FIRST archive.

Example:
  mi2 index overlap archive/ archive-int8/ --sample 2000 --format json
)";

void add_compare_arguments(CLI::App& command, CompareArguments& arguments) {
  command.add_option("-k", arguments.options.k, "Nearest images that are compared")
      ->type_name("K")
      ->transform(whole_number_in(1, 1000))
      ->capture_default_str();
  command.add_option("--sample", arguments.options.sample, "Images whose neighbours are compared; 0: none")
      ->type_name("N")
      ->transform(whole_number_in(0, 1'000'000))
      ->capture_default_str();
  command.add_option("--seed", arguments.options.seed, "Seed of the sample")
      ->type_name("N")
      ->transform(any_whole_number())
      ->capture_default_str();
  command.add_option("-f,--format", arguments.format, "How the report is written")
      ->type_name("table|json")
      ->transform(one_of({"table", "json"}))
      ->capture_default_str();
}

std::string share_line(std::string_view name, const archive::OverlapShare& share) {
  return fmt::format("{:<10}  {:>8}  {:>8}\n", name, share.images,
                     share.images == 0 ? "-" : fmt::format("{:.4f}", share.mean));
}

std::string table_of(const archive::Reader& first, const archive::Reader& second, const archive::Overlap& overlap,
                     const archive::Reembedded& done) {
  std::string text = fmt::format("{:>10}  images of {}\n{:>10}  images of {}\n{:>10}  in both\n", overlap.first,
                                 base::printable(first.folder().string()), overlap.second,
                                 base::printable(second.folder().string()), overlap.both);
  for (const auto& [reason, objects] : done.left) text += fmt::format("{:>10}  left: {}\n", objects, reason);
  if (overlap.all.images == 0) return text;
  text += fmt::format("\nthe {} nearest images of other patients\n{:<10}  {:>8}  {:>8}\n", overlap.k, "modality",
                      "images", "overlap");
  text += share_line("all", overlap.all);
  for (const archive::OverlapShare& share : overlap.by_modality) text += share_line(or_dash(share.modality), share);
  return text;
}

std::string left_json(const archive::Reembedded& done) {
  std::string text = R"("left": [)";
  for (const auto& [reason, objects] : done.left) {
    text += fmt::format(R"({}{{"reason": {}, "objects": {}}})", text.ends_with('[') ? "" : ", ",
                        base::json_string(reason), objects);
  }
  return text + ']';
}

/// Compares two archives, and writes what came of it. @param done  null: nothing was re-embedded.
void report(const std::string& first, const std::string& second, const CompareArguments& arguments, unsigned threads,
            const archive::Reembedded* done, Progress& progress) {
  archive::OverlapOptions options = arguments.options;
  options.on_progress = shown_on(progress);
  archive::Reader one(folder_of(first));
  archive::Reader other(folder_of(second));
  base::ThreadPool pool(threads);
  const archive::Overlap overlap = archive::compare_neighbours(one, other, options, pool);
  progress.hide();
  const auto output = open_output("-");
  if (arguments.format == "json") {
    const std::string left = done != nullptr ? ", " + left_json(*done) : std::string();
    output->write(fmt::format("{{{}{}}}\n", archive::overlap_json(one, other, overlap), left));
  } else {
    output->write(table_of(one, other, overlap, done != nullptr ? *done : archive::Reembedded{}));
  }
  output->commit();
  if (overlap.alone > 0) {
    progress.note(fmt::format("{} images not compared: no image of another patient is in both", overlap.alone));
  }
}

int index_overlap(const OverlapArguments& arguments) {
  catch_interrupts();
  Progress progress("images");
  report(arguments.first, arguments.second, arguments.compare, arguments.threads, nullptr, progress);
  return 0;
}

/// How images are prepared: as those of the archive, but for what was asked for.
ImageOptions image_options(const ReembedArguments& arguments, const archive::Space& space) {
  const ImageOptions& asked = arguments.model.options.image;
  ImageOptions image = archive::options_of(space, asked);
  const auto given = [&](const std::string& option) { return arguments.command->get_option(option)->count() > 0; };
  if (given("--profile")) {
    image.profile = asked.profile;
    image.azure_size = asked.azure_size;
    image.azure_quality = asked.azure_quality;
  }
  if (given("--window")) image.window = asked.window;
  if (given("--intensity")) image.intensity = asked.intensity;
  if (given("--plane")) image.plane = asked.plane;
  archive::require_lasting(image);
  return image;
}

/// The longer side of thumbnails.
int thumbnail_of(const ReembedArguments& arguments) {
  if (arguments.no_thumbnails) return 0;
  if (arguments.thumbnail) return *arguments.thumbnail;
  return archive::usual_thumbnail(arguments.from);
}

void note_done(const archive::Reembedded& done, double seconds, Progress& progress) {
  std::string line = fmt::format("{} images embedded", done.images);
  if (done.images > 0) {
    line += fmt::format(" in {} ({:.1f} images/s)", duration_text(seconds),
                        static_cast<double>(done.images) / std::max(seconds, 1e-3));
  }
  if (done.kept > 0) line += fmt::format(", {} there before", done.kept);
  if (done.removed > 0) line += fmt::format(", {} erased that the archive no longer has", done.removed);
  if (done.labels > 0) line += fmt::format(", {} labels copied", done.labels);
  progress.note(line);
  if (!done.clean) progress.warn(kLogKept);
  if (done.left.empty()) return;
  std::vector<std::string> parts;
  for (const auto& [reason, objects] : done.left) parts.push_back(fmt::format("{} {}", objects, reason));
  progress.warn(fmt::format("left: {}; --verbose names them", fmt::join(parts, ", ")));
}

archive::ReembedOptions reembed_options(const ReembedArguments& arguments, const Embedder& embedder,
                                        const ImageOptions& image, Progress& progress) {
  archive::ReembedOptions options;
  options.add.survey.image = image;
  options.add.survey.threads = arguments.jobs;
  options.add.batch = batch_of(arguments.model, embedder);
  options.add.thumbnail = thumbnail_of(arguments);
  options.add.on_progress = shown_on(progress);
  options.add.on_warnings = [&progress](std::string_view, std::span<const std::string> warnings) {
    progress.hide();
    for (const std::string& warning : warnings) progress.warn(fmt::format("warning: {}", warning));
  };
  options.archive = zip::images::expand;
  options.on_left = [&progress](std::string_view why) {
    progress.hide();
    progress.detail(why);
  };
  return options;
}

int index_reembed(const ReembedArguments& arguments) {
  catch_interrupts();
  for (const std::string* archive : {&arguments.from, &arguments.to}) {
    require_folder(
        *archive,
        "'mi2 index backup URL OLD' makes a folder of it, 'mi2 index reembed OLD NEW' embeds that again, and "
        "'mi2 index share NEW URL' copies the result into another schema");
  }
  // Before the model is loaded: what cannot be is known at once.
  archive::require_reembedded(arguments.from, arguments.to);
  ModelArguments model = arguments.model;
  model.options.image = image_options(arguments, archive::read_format(arguments.from).space);
  // Several of the archive become the same several, unless one is asked for.
  const archive::Space space = archive::read_format(arguments.from).space;
  const bool kept = !archive::several_windows(space).empty() && !arguments.model.options.image.window;
  const std::string windows = kept ? space.windows : std::string();
  energy::MeterOptions metered = meter_options(arguments.energy);
  Progress progress("images");
  energy::EnergyMeter meter(std::move(metered));
  const Embedder embedder = open_embedder(model, progress);
  archive::Reembedded done;
  {
    archive::Writer made = archive::open_reembedded(arguments.from, arguments.to, embedder, windows);
    const std::int64_t before = made.catalog().sequence();
    const archive::ReembedOptions options = reembed_options(arguments, embedder, model.options.image, progress);
    const auto start = std::chrono::steady_clock::now();
    try {
      done = archive::reembed(arguments.from, made, embedder, options);
    } catch (const Interrupted&) {
      progress.hide();
      note_energy(made, before, meter, progress);
      progress.note("stopped; what was embedded is kept, the same command goes on from there");
      throw;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.hide();
    archive::calibrate(made, embedder);
    note_done(done, seconds, progress);
    note_energy(made, before, meter, progress);
  }
  report(arguments.from, arguments.to, arguments.compare, model.options.threads, &done, progress);
  if (!done.first) return 0;
  return done.images + done.kept > 0 ? kExitPartial : exit_status_of(*done.first);
}

}  // namespace

void add_index_reembed(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ReembedArguments>();
  arguments->command = &command;
  add_archive(command, arguments->from);
  command.add_option("NEW", arguments->to, "The folder of the archive that is made")->type_name("")->required();
  add_model_arguments(command, arguments->model);
  command.add_option("-j,--jobs", arguments->jobs, "Threads that read and decode (default: one per core)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
  CLI::Option* const thumbnails =
      command
          .add_option("--thumbnails,--thumbs", arguments->thumbnail,
                      "Longer side of the thumbnail that is kept of each image, in pixels; 0: none (default: 192, or "
                      "none if ARCHIVE has none)")
          ->type_name("PIXELS")
          ->transform(thumbnail_side());
  command.add_flag("--no-thumbnails", arguments->no_thumbnails, "Keep none")->excludes(thumbnails);
  add_compare_arguments(command, arguments->compare);
  add_energy_arguments(command, arguments->energy);
  command.footer(fmt::format("{}\n{}", kReembedHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] { return index_reembed(*arguments); };
  });
}

void add_index_overlap(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<OverlapArguments>();
  command.add_option("FIRST", arguments->first, "An archive's folder, or postgres://[USER@]HOST/DB[?schema=NAME]")
      ->type_name("")
      ->required();
  command.add_option("SECOND", arguments->second, "Another archive of the same images")->type_name("")->required();
  add_compare_arguments(command, arguments->compare);
  add_comparing_threads(command, arguments->threads);
  command.footer(fmt::format("{}\n{}", kOverlapHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return index_overlap(*arguments); }; });
}

}  // namespace mi2::cli
