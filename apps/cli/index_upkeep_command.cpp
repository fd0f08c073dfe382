// mi2 index verify, rm and backup.

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/embed_again.hpp"
#include "archive/reader.hpp"
#include "archive/shared.hpp"
#include "archive/sources.hpp"
#include "archive/upkeep.hpp"
#include "archive/windows.hpp"
#include "arguments.hpp"
#include "base/utf8.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "exit_status.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

struct VerifyArguments {
  ModelArguments model;
  std::string archive;
  bool deep = false;
  bool repair = false;
};

struct RmArguments {
  std::string archive;
  std::string study;
  std::string patient;
  std::string site;
  std::string where;
  std::string source;
  bool erase = false;
  bool yes = false;
};

struct BackupArguments {
  std::string archive;
  std::string to;
};

/// Embeds a sample again. @returns whether all of it gives the vectors that the archive has.
bool same_again(const VerifyArguments& arguments, const Embedder& embedder, Progress& progress) {
  Progress bar("images");
  archive::Reader reader(folder_of(arguments.archive));
  const archive::EmbeddedAgain again = archive::embed_again(reader, embedder, shown_on(bar));
  bar.hide();
  progress.note(fmt::format("{}: {}", arguments.archive, archive::text_of(again)));
  for (const std::string& other : again.others) progress.warn(other);
  return again.others.empty();
}

/// The model that is to embed again. @throws Error{kBadArgument} for another one than the archive's.
std::optional<Embedder> model_again(const VerifyArguments& arguments, Progress& progress) {
  if (arguments.model.model.empty()) return std::nullopt;
  if (!arguments.deep && !arguments.repair) throw Error(Code::kBadArgument, "--model: expected --deep with it");
  std::optional<Embedder> embedder = open_embedder(arguments.model, progress);
  archive::require_asking(archive::read_format(folder_of(arguments.archive)).space, *embedder, false,
                          arguments.archive);
  return embedder;
}

/// What is said of an archive without damage. @returns the status.
int sound(const VerifyArguments& arguments, const std::optional<Embedder>& embedder, bool keyless, Progress& progress) {
  if (embedder && !same_again(arguments, *embedder, progress)) return exit_status_of(Code::kBadFile);
  if (!embedder && (arguments.deep || arguments.repair)) {
    progress.note(fmt::format("{}: no image was embedded again; with --model {} are, and compared with their vectors",
                              arguments.archive, archive::kEmbeddedAgain));
  }
  return keyless ? exit_status_of(Code::kNotFound) : 0;
}

int verify(const VerifyArguments& arguments) {
  catch_interrupts();
  Progress progress("rows");
  const base::OnProgress show = shown_on(progress);
  const bool deep = arguments.deep || arguments.repair;
  const bool shared = archive::postgres::is_url(arguments.archive);
  if (shared && arguments.repair) {
    throw Error(Code::kUnsupported, "--repair: expected an archive in a folder; a database is put back from its copy");
  }
  const std::optional<Embedder> embedder = model_again(arguments, progress);
  archive::VerifyReport report =
      shared ? archive::verify_shared(arguments.archive, deep, show) : archive::verify(arguments.archive, deep, show);
  progress.hide();
  for (const std::string& problem : report.problems) progress.warn(problem);
  if (report.keyless) {
    progress.warn(
        fmt::format("{}: its key is missing: the archive can be searched, but nothing can be added to it or "
                    "removed until the key is put back",
                    arguments.archive));
  }
  if (report.problems.empty()) {
    progress.note(
        fmt::format("{}: sound, {} rows{}", arguments.archive, report.rows, arguments.deep ? ", each checked" : ""));
    return sound(arguments, embedder, report.keyless, progress);
  }
  const int damaged = exit_status_of(Code::kBadFile);
  if (!arguments.repair) return damaged;
  const archive::Repaired repaired = archive::repair(arguments.archive, show);
  progress.hide();
  report = archive::verify(arguments.archive, true, show);
  progress.hide();
  if (repaired.thumbs > 0) progress.note(fmt::format("{}: {} thumbnails dropped", arguments.archive, repaired.thumbs));
  progress.note(fmt::format("{}: {} images removed; 'mi2 index add' with their sources adds them again",
                            arguments.archive, repaired.images));
  for (const std::string& problem : report.problems) progress.warn(problem);
  return report.problems.empty() ? sound(arguments, embedder, false, progress) : damaged;
}

/// Asks on a terminal; without one only --yes will do.
bool confirmed(const RmArguments& arguments, const archive::Removal& removal) {
  if (arguments.yes) return true;
  if (::isatty(STDIN_FILENO) == 0) {
    throw Error(Code::kBadArgument, fmt::format("index rm: {} images of {} objects would go; --yes removes them",
                                                removal.images, removal.instances.size()));
  }
  const Still still;
  std::fputs(fmt::format("{} {} images of {} objects? [y/N] ", arguments.erase ? "Erase" : "Remove", removal.images,
                         removal.instances.size())
                 .c_str(),
             stderr);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

int rm(const RmArguments& arguments) {
  const std::array given{&arguments.study, &arguments.patient, &arguments.where, &arguments.source};
  if (std::ranges::count_if(given, [](const std::string* one) { return !one->empty(); }) != 1) {
    throw Error(Code::kBadArgument, "index rm: expected one of --study, --patient, --where and --source");
  }
  archive::Choice choice;
  choice.study = arguments.study;
  if (!arguments.where.empty()) choice.where = archive::filter::parse(arguments.where);
  archive::Writer archive{folder_of(arguments.archive)};
  if (!arguments.patient.empty())
    choice.patient_key = archive::pseudonym(archive.key(), arguments.site, arguments.patient);
  if (!arguments.source.empty()) {
    choice.source = archive::find_source(archive.catalog(), arguments.source, arguments.archive);
  }
  const archive::Removal removal = archive::find_removal(archive.catalog(), choice);
  Progress progress(0, "");
  // A source without objects is still forgotten.
  if (removal.instances.empty() && removal.source.empty()) {
    throw Error(Code::kNotFound,
                fmt::format("{}: nothing that this chooses{}", arguments.archive,
                            arguments.patient.empty() ? "" : "; a patient ID counts by its issuer or --site"));
  }
  if (!confirmed(arguments, removal)) return 0;
  const bool clean = archive::remove(archive, removal, arguments.erase);
  progress.note(fmt::format("{} images of {} objects {}", removal.images, removal.instances.size(),
                            arguments.erase ? "erased" : "removed"));
  if (!clean) progress.warn(kLogKept);
  return 0;
}

int backup(const BackupArguments& arguments) {
  catch_interrupts();
  Progress progress("rows");
  const archive::BackedUp done = archive::backup(folder_of(arguments.archive), arguments.to, shown_on(progress));
  progress.hide();
  progress.note(fmt::format("{}: {} rows of snapshot {}, each checked", arguments.to, done.rows, done.snapshot));
  return 0;
}

constexpr std::string_view kVerifyHelp =
    R"(Without --deep: the catalog, and that each segment of vectors exists, is whole and of this archive.
--deep also compares each vector with its checksum. --repair removes damaged images, so that
'mi2 index add' adds them again; a damaged catalog cannot be repaired.
--deep with --model embeds up to 20 images again whose files are there, from the first to the last, the
same ones until the archive changes, and compares their vectors with those of the archive. What could not
be compared is counted, with the reason. An image that gives another vector is named and is status 3.
Its stored vector is what was written, and --repair leaves it: 'mi2 index rm' and 'mi2 index add' make it
anew where the archive is wrong, and nothing has to be done where another program made it.
Exit status 0: sound, or repaired. 3: damaged. 7: sound, but the archive's key is missing; without it
an archive can be searched, and not be written to.
)";

constexpr std::string_view kRmHelp =
    R"(What is removed is no longer searched; its vectors stay in the files until --erase. That overwrites
them, and what was removed before, and leaves nothing of it in the catalog. It does not reach evidence
cards (--cards, --archive-cards) and backups, which keep UIDs and thumbnails of what was erased: remove
those yourself. Files that were removed from the archive but still exist come back with the next
'mi2 index add' of their folder. Objects go whole: if --where lets one frame by, all frames of its
object go.
--source also forgets how far the source was read, so that adding it again adds everything; with --erase
the source itself is forgotten. An object that several sources have is of the first that brought it,
and goes with that one alone: adding another of them again brings it back.

Examples:
  mi2 index rm archive/ --study 1.2.840.99.1
  mi2 index rm archive/ --patient 12345 --site north --erase --yes
  mi2 index rm archive/ --where 'path~/old/'
  mi2 index rm archive/ --source orthanc:http://pacs.example:8042 --yes
  mi2 index rm archive/ --source 3
)";

constexpr std::string_view kBackupHelp =
    R"(The copy is an archive like any other: searched where it is, or put back in the other's place. It is of one
moment, even while 'mi2 index add' runs, and every vector and thumbnail of it is compared with its checksum before
it gets its name. It holds the archive's key, and so belongs to as few hands as the archive itself. Of an archive in a
database it is of the newest snapshot, and an archive in a folder, of which the database knows nothing.

Examples:
  mi2 index backup archive/ /backup/archive-2026-11-29
  mi2 index backup postgres://mi2@db.example/hospital /backup/hospital-2026-11-29
)";

}  // namespace

void add_index_backup(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<BackupArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_option("TO", arguments->to, "A folder that is not there yet")->type_name("")->required();
  command.footer(fmt::format("{}\n{}", kBackupHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return backup(*arguments); }; });
}

void add_index_verify(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<VerifyArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_flag("--deep", arguments->deep, "Compare each vector with its checksum");
  command.add_flag("--repair", arguments->repair, "Remove what is damaged; implies --deep");
  add_model_arguments(command, arguments->model);
  // Only if it is asked for here: what a check does is not to depend on the environment.
  command.get_option("--model")->required(false)->envname("")->description(
      "The archive's model, to embed some images again with --deep");
  command.footer(fmt::format("{}\n{}", kVerifyHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = !arguments->model.model.empty() && needs_torch(arguments->model.options.device);
    session.run = [arguments] { return verify(*arguments); };
  });
}

void add_index_rm(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<RmArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_option("--study", arguments->study, "A study")->type_name("UID");
  command.add_option("--patient", arguments->patient, "All of a patient")->type_name("ID");
  command.add_option("--site", arguments->site, "Who issued --patient's ID: its issuer, or index add's --site")
      ->type_name("NAME");
  add_where(command, arguments->where, "What this lets by");
  command.add_option("--source", arguments->source, "All that came from one source, as index stats lists them")
      ->type_name("N|URL|PATH");
  command.add_flag("--erase", arguments->erase, "Overwrite it, and what was removed before");
  command.add_flag("-y,--yes", arguments->yes, "Do not ask");
  command.footer(fmt::format("{}\n{}\n{}", kRmHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return rm(*arguments); }; });
}

}  // namespace mi2::cli
