// mi2 index share: an archive in a folder into a database.

#include <cstdint>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/postgres/place.hpp"
#include "archive/shared.hpp"
#include "arguments.hpp"
#include "command.hpp"
#include "exit_status.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

struct ShareArguments {
  std::string archive;
  std::string to;
  bool pgvector = false;
};

/// Of an archive that is in its database already.
int index_shared(const ShareArguments& arguments) {
  const archive::postgres::Place place = archive::postgres::parse_place(arguments.archive);
  if (!arguments.pgvector) {
    throw Error(Code::kBadArgument,
                fmt::format("index share: expected the folder of an archive, or --pgvector, got {}", place.name));
  }
  catch_interrupts();
  Progress progress("rows");
  archive::index_near(arguments.archive, shown_on(progress));
  progress.hide();
  progress.note(fmt::format("{}: indexed by pgvector", place.name));
  return 0;
}

int share(const ShareArguments& arguments) {
  if (arguments.to.empty() && archive::is_shared(arguments.archive)) return index_shared(arguments);
  require_folder(arguments.archive, "'mi2 index backup URL FOLDER' makes a folder of it, which can be shared again");
  if (arguments.to.empty()) throw Error(Code::kBadArgument, "index share: expected the URL of a database");
  catch_interrupts();
  const archive::postgres::Place place = archive::postgres::parse_place(arguments.to);
  Progress progress("rows");
  const std::uint64_t rows = archive::share(arguments.archive, arguments.to, arguments.pgvector, shown_on(progress));
  progress.hide();
  progress.note(
      fmt::format("{}: {} rows; {} is no longer needed, once they are verified", place.name, rows, arguments.archive));
  return 0;
}

constexpr std::string_view kShareHelp =
    R"(Shared archives:
  PostgreSQL (13 or later, of encoding UTF8) has the archive, and many machines search it and add to it.
  Give its URL in place of the folder to add, label, search, stats, verify, rm, export, outliers, drift,
  dups, tags, map, overlap, push, replay, backup, to listen and to serve --archive NAME=URL:
    postgres://[USER@]HOST[:PORT]/DB[?schema=NAME][&sslmode=verify-full]
  The schema is mi2 if none is given. A password comes from ~/.pgpass, a service file or PGPASSWORD; one
  in the URL is refused.

  Searches run on a replica: a folder in $MI2_ARCHIVE_CACHE, or else in mi2/archives of $XDG_CACHE_HOME
  or of ~/.cache, as large as the archive. Each command brings it up to date first; a server follows the
  database. A replica may be deleted whenever no server has it open. It has the archive's key: keep it
  as you keep that.

  share copies all of an archive or nothing: its row numbers, snapshots and key stay, and so evidence
  cards can be replayed. The folder stays as it is. An archive that starts empty needs no share: the
  first 'mi2 index add' to the URL makes it.

  --pgvector also makes an index of the extension 'vector' (0.8 or later), which the owner of the database
  has created there: 'mi2 index search URL --approximate' then asks the database, without a replica, and may
  miss what is near. Of an archive that is in its database already: 'mi2 index share URL --pgvector'.

Examples:
  mi2 index share archive/ postgres://mi2@db.example/hospital
  mi2 index share --pgvector archive/ postgres://mi2@db.example/hospital
  mi2 index verify --deep postgres://mi2@db.example/hospital
  mi2 index add --model DIR 'postgres://mi2@db.example/hospital?schema=research' /mnt/dicom
  mi2 serve --model DIR --archive main=postgres://mi2@db.example/hospital
)";

}  // namespace

void add_index_share(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ShareArguments>();
  add_archive(command, arguments->archive);
  command
      .add_option("URL", arguments->to,
                  "The database: postgres://[USER@]HOST/DB[?schema=NAME]; of an ARCHIVE that is one's URL: none")
      ->type_name("");
  command.add_flag("--pgvector", arguments->pgvector, "Index the vectors for approximate searches in the database");
  command.footer(fmt::format("{}\n{}", kShareHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return share(*arguments); }; });
}

}  // namespace mi2::cli
