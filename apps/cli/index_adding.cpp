#include "index_adding.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "archive/energy.hpp"
#include "archive/windows.hpp"
#include "base/numbers.hpp"
#include "choices.hpp"
#include "parsed_option.hpp"

namespace mi2::cli {

CLI::Validator thumbnail_side() {
  static constexpr std::uint64_t kShortest = 32;
  static constexpr std::uint64_t kLongest = 1024;
  return {[](std::string& value) -> std::string {
            const std::optional<std::uint64_t> side = base::parse_whole(value);
            if (!side || (*side != 0 && (*side < kShortest || *side > kLongest))) {
              return fmt::format("expected 0 or a whole number from {} to {}, got {}", kShortest, kLongest, value);
            }
            value = std::to_string(*side);  // without the zeros that would make it octal
            return {};
          },
          "", ""};
}

void add_adding_arguments(CLI::App& command, AddingArguments& arguments) {
  add_parsed(command, "--slices", arguments.slices, archive::parse_slices,
             "Slices of a series that are embedded: all, max:N, every:N or center:N")
      ->type_name("SELECTION")
      ->default_str("all");
  add_parsed(
      command, "--windows", arguments.windows, archive::parse_windows,
      "Windows through which each image of a CT is embedded, in a new archive: auto (the file's own), or some of "
      "file, lung, soft, bone and brain (default: as the archive has them)")
      ->type_name("LIST")
      ->excludes(command.get_option("--window"));
  command
      .add_option("--site", arguments.site, "Where the studies come from; keeps equal patient IDs of two sites apart")
      ->type_name("NAME");
  add_parsed(command, "--identifiers", arguments.identifiers, archive::parse_identifiers,
             "Patient IDs and accession numbers: hash, keep (them too) or none")
      ->type_name("hash|keep|none")
      ->transform(one_of({"hash", "keep", "none"}))
      ->default_str("hash");
  command.add_option("-j,--jobs", arguments.jobs, "Threads that read and decode (default: one per core)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024));
  CLI::Option* const thumbnails = command
                                      .add_option("--thumbnails,--thumbs", arguments.thumbnail,
                                                  "Longer side of the thumbnail that is kept of each image, in pixels; "
                                                  "0: none")
                                      ->type_name("PIXELS")
                                      ->transform(thumbnail_side())
                                      ->capture_default_str();
  command.add_flag("--no-thumbnails", arguments.no_thumbnails, "Keep none")->excludes(thumbnails);
}

void settle_window(const AddingArguments& arguments, ImageOptions& image) {
  if (arguments.windows.size() == 1) image = archive::through(image, arguments.windows.front());
}

std::string windows_of(const AddingArguments& arguments) {
  return fmt::format("{}", fmt::join(arguments.windows, ","));
}

archive::AddOptions adding_options(const AddingArguments& arguments, const ImageOptions& image) {
  archive::AddOptions options;
  options.survey.slices = arguments.slices;
  options.survey.site = arguments.site;
  options.survey.identifiers = arguments.identifiers;
  options.survey.threads = arguments.jobs;
  options.survey.image = image;
  if (arguments.windows.size() > 1) options.survey.windows = arguments.windows;
  options.thumbnail = arguments.no_thumbnails ? 0 : arguments.thumbnail;
  return options;
}

void note_other_rows(archive::Writer& writer, const Embedder& embedder, Progress& progress) {
  for (const auto& [made_by, rows] : writer.catalog().counts("count_space")) {
    if (made_by.find(fmt::format(" {} mi2 ", embedder.provenance().dtype)) != std::string::npos) continue;
    progress.note(fmt::format("{} rows of the archive were computed differently ({}); the new ones in {}", rows,
                              made_by, embedder.provenance().dtype));
  }
}

void note_added(const archive::Added& added, double seconds, Progress& progress) {
  std::string line = fmt::format("{} images added", added.images);
  if (added.images > 0) {
    if (added.rows > added.images) line += fmt::format(" with {} vectors", added.rows);
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
  also(added.left_out, "left out by --where");
  progress.note(line);
  if (added.conflicts > 0) {
    progress.warn(fmt::format("{} objects have the SOP instance UID of another one, which was kept", added.conflicts));
  }
  if (added.pictures > 0) {
    progress.warn(fmt::format("{} whole slides were read as pictures; --mpp 0.5, --level or --tiles adds their tiles",
                              added.pictures));
  }
  if (added.telling_paths > 0) {
    progress.warn(
        fmt::format("{} paths hold a patient's name or identifier; paths are kept as they are", added.telling_paths));
  }
}

void note_energy(archive::Writer& writer, std::int64_t before, energy::EnergyMeter& meter, Progress& progress) {
  const auto account = archive::keep_energy(writer, before, meter);
  if (account) progress.note(fmt::format("energy: {}", energy::summary(*account)));
}

}  // namespace mi2::cli
