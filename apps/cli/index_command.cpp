// mi2 index: archives of images that are searched.

#include "index_command.hpp"

#include <array>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "archive/filter/filter.hpp"
#include "arguments.hpp"

namespace mi2::cli {
namespace {

constexpr std::array kIndexCommands{
    Command{"add", "Add images and studies to an archive", add_index_add},
    Command{"search", "Find studies, series, patients or images by text or by image", add_index_search},
    Command{"outliers", "Find what lies far from what is usual", add_index_outliers},
    Command{"drift", "Show which scanners, months or sites look otherwise than before", add_index_drift},
    Command{"tags", "Check what headers say against images that look alike", add_index_tags},
    Command{"stats", "Show what an archive holds", add_index_stats},
    Command{"verify", "Check an archive, and repair it", add_index_verify},
    Command{"rm", "Remove studies or patients", add_index_rm},
    Command{"export", "Write an archive's vectors", add_index_export},
    Command{"backup", "Copy an archive while it is in use", add_index_backup},
};

constexpr std::string_view kIndexHelp =
    R"(An archive is a folder: a catalog (SQLite), the vectors, and codes to search them fast. One
process writes at a time; any number read meanwhile. All its vectors come from one model and
one way to prepare images. Patients' names are never kept; identifiers become keyed hashes.

Examples:
  mi2 index add --model DIR archive/ /mnt/dicom
  mi2 index search --model DIR archive/ --text "pleural effusion" --where 'modality in (CR,DX)'
  mi2 index search archive/ --study 1.2.840.99.1 --by patient
  mi2 index outliers archive/ --reference 'date<2024' --test 'date>=2024'
  mi2 index stats archive/

See 'mi2 index COMMAND --help'.
)";

}  // namespace

void add_archive(CLI::App& command, std::string& archive) {
  command.add_option("ARCHIVE", archive, "The archive's folder")->type_name("")->required();
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
