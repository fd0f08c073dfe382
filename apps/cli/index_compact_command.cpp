// mi2 index compact: the room of what was removed from an archive.

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "archive/archive.hpp"
#include "archive/compact.hpp"
#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "exit_status.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

struct CompactArguments {
  std::string archive;
  std::string format = "table";
  bool dry_run = false;
};

constexpr std::string_view kCompactHelp = R"(What it does:
  What was removed ('mi2 index rm'), or replaced since it was added, is erased as 'rm --erase' does
  it, with its thumbnails; the blocks of the disk that it took are given back, and the catalog is
  rewritten without unused pages. Items keep their numbers and files their lengths: 'du' shows what
  came back, 'ls -l' does not. Codes are made again by the next search.

  Searches go on meanwhile. One that began before may end with an error, never with what is no
  vector; the server asks again by itself. What is erased can no longer be searched by --at and
  replayed: 'mi2 index replay' of an older evidence card then names it as erased.

  --dry-run changes nothing, and shows what would come back. After a kill or Ctrl-C the same
  command goes on. The catalog's part takes as much room on the disk as the catalog for the time of
  it; all else takes none.

Exit status 0: done, or nothing to do. 3: damaged, or no room for the catalog. 4: the file system cannot
give back parts of a file; nothing was changed. 6: another process writes to the archive.

Examples:
  mi2 index compact archive/ --dry-run
  mi2 index compact archive/
)";

using Part = std::pair<std::string_view, std::uint64_t archive::DiskUse::*>;
constexpr std::array kParts{Part{"vectors", &archive::DiskUse::vectors}, Part{"thumbnails", &archive::DiskUse::thumbs},
                            Part{"catalog", &archive::DiskUse::catalog}, Part{"codes", &archive::DiskUse::codes},
                            Part{"others", &archive::DiskUse::others}};

void write_out(const std::string& text) {
  const auto output = open_output("-");
  output->write(text);
  output->commit();
}

int show_compactable(const CompactArguments& arguments) {
  const archive::Compactable found = archive::find_compactable(arguments.archive);
  const archive::DiskUse now = archive::disk_use(arguments.archive);
  if (arguments.format == "json") {
    write_out(fmt::format(
        "{{\"dry_run\": true, \"rows\": {}, \"erased\": {}, \"before\": {}, \"would_come_back\": "
        "{{\"vectors\": {}, \"thumbnails\": {}, \"catalog\": {}}}}}\n",
        found.rows, found.removed, archive::disk_use_json(now), found.vectors, found.thumbs, found.catalog));
    return 0;
  }
  write_out(
      fmt::format("{:<12}{:>16}{:>18}\n{:<12}{:>16}{:>18}\n{:<12}{:>16}{:>18}\n{:<12}{:>16}{:>18}\n\n"
                  "{} rows would be empty, {} of them erased for it\n",
                  "bytes", "now", "would come back", "vectors", now.vectors, found.vectors, "thumbnails", now.thumbs,
                  found.thumbs, "catalog", now.catalog, found.catalog, found.rows, found.removed));
  return 0;
}

int compact(const CompactArguments& arguments) {
  require_folder(
      arguments.archive,
      "'mi2 index compact FOLDER' of its replica, which 'mi2 index stats URL' names, erases what was removed, "
      "there and in the database, whose room VACUUM gives back");
  if (arguments.dry_run) return show_compactable(arguments);
  catch_interrupts();
  Progress progress("runs of rows");
  archive::Writer archive{std::filesystem::path(arguments.archive)};
  const archive::DiskUse before = archive::disk_use(arguments.archive);
  const archive::Compacted done = archive::compact(archive, shown_on(progress));
  const archive::DiskUse after = archive::disk_use(arguments.archive);
  progress.rest();
  if (arguments.format == "json") {
    write_out(fmt::format("{{\"dry_run\": false, \"rows\": {}, \"erased\": {}, \"before\": {}, \"after\": {}}}\n",
                          done.rows, done.erased, archive::disk_use_json(before), archive::disk_use_json(after)));
  } else {
    std::string text = fmt::format("{:<12}{:>16}{:>18}\n", "bytes", "before", "after");
    for (const auto& [name, bytes] : kParts) {
      text += fmt::format("{:<12}{:>16}{:>18}\n", name, before.*bytes, after.*bytes);
    }
    write_out(text + fmt::format("{:<12}{:>16}{:>18}\n\n{} rows are empty, {} of them erased for it\n", "all",
                                 before.total(), after.total(), done.rows, done.erased));
  }
  if (!done.clean) progress.warn(kLogKept);
  return 0;
}

}  // namespace

void add_index_compact(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<CompactArguments>();
  add_archive(command, arguments->archive);
  command.add_flag("--dry-run", arguments->dry_run, "Only show what would come back");
  command.add_option("-f,--format", arguments->format, "How the report is written")
      ->type_name("table|json")
      ->transform(one_of({"table", "json"}))
      ->capture_default_str();
  command.footer(fmt::format("{}\n{}", kCompactHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return compact(*arguments); }; });
}

}  // namespace mi2::cli
