// mi2 index label: what people and programs say of images, series and studies.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/given/label_rows.hpp"
#include "archive/labels.hpp"
#include "arguments.hpp"
#include "base/utf8.hpp"
#include "command.hpp"
#include "exit_status.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

struct LabelCommandArguments {
  std::string archive;
  std::string file;
  std::string by;
  std::string remove;
  std::string where;
  bool replace = false;
  bool dry_run = false;
};

constexpr std::string_view kLabelHelp = R"(FILE:
  A CSV with a header, or .jsonl with an object per line. One column says what a line is of: study,
  series or image (their UIDs), item (a number, as searches show it) or path (of a file). Then
    key,value    each line is one label; or
    KEY,KEY,..   each other column is a key, and its cells are the values; empty ones are none
  score, a number, may stand beside key and value, or beside one KEY.

  A thing has one value for each key of each who says it (--by). The same label again changes
  nothing. A line with another value is refused, with --replace it takes the place of the old one.
  Lines of what the archive does not have are counted. Both are said by their lines, and the status
  is then 8; all other labels of the file are written, in one transaction.

  Filters find them: --where label.KEY=VALUE, of images by labels of themselves, of their series and
  of their study. Labels go with what they are of ('mi2 index rm'). They are kept as they are given:
  do not write names into them.

Examples:
  mi2 index label archive/ findings.csv --by reader-1
  mi2 index label archive/ scores.jsonl --by model-2 --replace
  mi2 index search archive/ --text "chest x-ray" --where label.finding=pneumonia
  mi2 index stats archive/ --by label.finding
  mi2 index label archive/ --remove finding --where site=B
)";

/// "lines 3, 9 and 2 more".
std::string lines_of(const archive::SomeLines& lines) {
  const std::uint64_t more = lines.lines - lines.first.size();
  return fmt::format("{} {}{}", lines.lines == 1 ? "line" : "lines", fmt::join(lines.first, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

void note_labels(const archive::LabelReport& report, const LabelCommandArguments& arguments, Progress& progress) {
  const std::string_view would = arguments.dry_run ? "would be " : "";
  progress.note(fmt::format("{} labels {}added, {} {}replaced, {} are there already; snapshot {}", report.added, would,
                            report.replaced, would, report.same, report.snapshot));
  if (report.unknown.labels > 0) {
    progress.warn(fmt::format("{}: {} labels of nothing that the archive has: {}", arguments.file,
                              report.unknown.labels, lines_of(report.unknown)));
  }
  if (report.refused.labels > 0) {
    progress.warn(
        fmt::format("{}: {} labels refused, another value is there{}: {}", arguments.file, report.refused.labels,
                    arguments.replace ? " in the same file" : "; --replace replaces it", lines_of(report.refused)));
  }
}

int give_labels(const LabelCommandArguments& arguments) {
  if (!arguments.where.empty()) throw Error(Code::kBadArgument, "--where: expected --remove with it");
  catch_interrupts();
  Progress progress(0, "");
  archive::LabelOptions options;
  if (!arguments.by.empty()) options.by = arguments.by;
  archive::require_by(options.by);
  options.replace = arguments.replace;
  const std::filesystem::path file(arguments.file);
  const archive::given::LabelRows rows = archive::given::read_labels(file);
  progress.note(fmt::format("{}: {}", arguments.file, rows.form()));
  if (!rows.unused().empty()) {
    progress.note(fmt::format("{}: columns that are passed over: {}", arguments.file,
                              base::printable(fmt::format("{}", fmt::join(rows.unused(), ", ")))));
  }
  options.find_paths = archive::given::paths_from(file.parent_path(), arguments.file);
  const std::filesystem::path folder = folder_of(arguments.archive);
  archive::LabelReport report;
  if (arguments.dry_run) {
    archive::Catalog catalog(folder, archive::Catalog::Access::kRead);
    report = archive::preview_labels(catalog, rows.given(), options);
  } else {
    archive::Writer writer{folder};
    report = archive::add_labels(writer, rows.given(), options);
  }
  note_labels(report, arguments, progress);
  return report.complete() ? 0 : kExitPartial;
}

int remove_labels(const LabelCommandArguments& arguments) {
  if (!arguments.file.empty() || arguments.replace) {
    throw Error(Code::kBadArgument, "--remove: expected no FILE and no --replace with it");
  }
  archive::LabelChoice choice;
  choice.key = arguments.remove;
  choice.by = arguments.by;
  if (!arguments.where.empty()) choice.where = archive::filter::parse(arguments.where);
  const std::filesystem::path folder = folder_of(arguments.archive);
  std::uint64_t removed = 0;
  if (arguments.dry_run) {
    archive::Catalog catalog(folder, archive::Catalog::Access::kRead);
    removed = archive::count_labels(catalog, choice);
  } else {
    archive::Writer writer{folder};
    removed = archive::remove_labels(writer, choice);
  }
  if (removed == 0) throw Error(Code::kNotFound, fmt::format("{}: no label that this chooses", arguments.archive));
  Progress progress(0, "");
  progress.note(fmt::format("{} labels {}removed", removed, arguments.dry_run ? "would be " : ""));
  return 0;
}

int label(const LabelCommandArguments& arguments) {
  if (!arguments.remove.empty()) return remove_labels(arguments);
  if (arguments.file.empty())
    throw Error(Code::kBadArgument, "index label: expected a FILE of labels, or --remove KEY");
  return give_labels(arguments);
}

}  // namespace

void add_index_label(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<LabelCommandArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_option("FILE", arguments->file, "Labels: a CSV or .jsonl")->type_name("");
  command
      .add_option(
          "--by", arguments->by,
          fmt::format("Who says so: a person, a model, .. (default: {}); of --remove: only theirs", archive::kUsualBy))
      ->type_name("NAME");
  command.add_flag("--replace", arguments->replace, "Another value takes the place of the one that is there");
  command.add_option("--remove", arguments->remove, "Remove the labels of a key")->type_name("KEY");
  add_where(command, arguments->where, "With --remove: only of what has an image that this lets by");
  command.add_flag("--dry-run", arguments->dry_run, "Change nothing, and say what would be");
  command.footer(fmt::format("{}\n{}\n{}", kLabelHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return label(*arguments); }; });
}

}  // namespace mi2::cli
