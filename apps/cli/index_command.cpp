// mi2 index: archives of images that are searched.

#include "index_command.hpp"

#include <array>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/filter/filter.hpp"
#include "archive/shared.hpp"
#include "arguments.hpp"
#include "index_audit.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

constexpr std::array kIndexCommands{
    Command{"add", "Add images and studies to an archive", add_index_add},
    Command{"search", "Find studies, series, patients or images by text or by image", add_index_search},
    Command{"replay", "Search again as an evidence card says, and compare to the last bit", add_index_replay},
    Command{"verify-cards", "Check that no evidence card of a folder was changed or removed", add_index_verify_cards},
    Command{"verify-audit", "Check that no line of a server's audit list was changed or removed",
            add_index_verify_audit},
    Command{"outliers", "Find what lies far from what is usual", add_index_outliers},
    Command{"drift", "Show which scanners, months or sites look different from before", add_index_drift},
    Command{"dups", "Find what is there more than once", add_index_dups},
    Command{"tags", "Check what headers say against images that look alike", add_index_tags},
    Command{"label", "Say what images, series and studies are, for filters and counts", add_index_label},
    Command{"map", "Place images that are alike near each other", add_index_map},
    Command{"reembed", "Embed an archive's images again with another model", add_index_reembed},
    Command{"overlap", "Compare the neighbours in two archives of the same images", add_index_overlap},
    Command{"stats", "Show what an archive holds", add_index_stats},
    Command{"verify", "Check an archive, and repair it", add_index_verify},
    Command{"rm", "Remove studies or patients", add_index_rm},
    Command{"export", "Write an archive's vectors, catalog or cards, or copies of its objects", add_index_export},
    Command{"push", "Send results of searches to a PACS", add_index_push},
    Command{"compact", "Give back the room of what was removed", add_index_compact},
    Command{"share", "Copy an archive into a database that several machines write to", add_index_share},
    Command{"backup", "Copy an archive while it is in use", add_index_backup},
};

constexpr std::string_view kIndexHelp =
    R"(An archive is a folder: a catalog (SQLite), the vectors, and codes to search them fast. One
process writes at a time; any number read meanwhile. All its vectors come from one model and
one way to prepare images. Patients' names are never kept; identifiers become keyed hashes.
Or PostgreSQL has the archive, for several writers: postgres://.. in place of the folder.

Examples:
  mi2 index add --model DIR archive/ /mnt/dicom
  mi2 index search --model DIR archive/ --text "pleural effusion" --where 'modality in (CR,DX)'
  mi2 index search archive/ --study 1.2.840.99.1 --by patient
  mi2 index outliers archive/ --reference 'date<2024' --test 'date>=2024'
  mi2 index stats archive/

See 'mi2 index COMMAND --help'.
)";

}  // namespace

void add_archive(CLI::App& command, std::string& archive, Archives which) {
  const bool shared = which == Archives::kSharedToo;
  command
      .add_option("ARCHIVE", archive,
                  shared ? "The archive's folder, or postgres://[USER@]HOST/DB[?schema=NAME]" : "The archive's folder")
      ->type_name("")
      ->required();
}

std::filesystem::path folder_of(const std::string& archive) {
  Progress progress("rows");
  return archive::local_folder(archive, shown_on(progress));
}

void require_folder(const std::string& archive, std::string_view instead) {
  if (!archive::is_shared(archive)) return;
  throw Error(Code::kBadArgument, fmt::format("archive: expected a folder, got the URL of a database: {}", instead));
}

void add_where(CLI::App& command, std::string& where, const std::string& help) {
  command.add_option("--where", where, help)->type_name("EXPR");
}

std::string where_help() {
  std::string text =
      "EXPR:\n"
      "  Comparisons with and, or, not and parentheses: modality in (CT,MR) and date>=2020-01 and not site=B\n"
      "  = != in (..) for all fields, ~ (contains) for texts, < <= > >= for numbers and dates.\n"
      "  Fields:\n";
  for (const archive::filter::Field& field : archive::filter::fields()) {
    text += fmt::format("    {:<20}{}\n", field.name, field.meaning);
  }
  return text;
}

void add_index(CLI::App& command, Session& session) {
  command.require_subcommand(1);
  for (const Command& row : kIndexCommands) row.add(*command.add_subcommand(row.name, row.summary), session);
  command.footer(fmt::format("{}\n{}", kIndexHelp, exit_status_help()));
}

}  // namespace mi2::cli
