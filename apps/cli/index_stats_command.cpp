// mi2 index stats: what an archive holds, as a whole or by scanner, month and so on.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/answers.hpp"
#include "archive/counts.hpp"
#include "archive/reader.hpp"
#include "archive/replica.hpp"
#include "arguments.hpp"
#include "base/comma_list.hpp"
#include "base/csv.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "energy/account.hpp"
#include "index_command.hpp"
#include "index_results.hpp"
#include "interrupt.hpp"
#include "output.hpp"

namespace mi2::cli {
namespace {

struct StatsArguments {
  std::string archive;
  std::string by;  ///< empty: the archive as a whole
  std::string where;
  std::string format = "table";
};

/// By the numbers that --source and the field source take.
void write_sources(const std::vector<archive::SourceFacts>& sources, Output& output) {
  if (sources.empty()) return;
  output.write(fmt::format("\nsources\n  {:>10}  {:>6}  source\n", "objects", "number"));
  for (const archive::SourceFacts& one : sources) {
    output.write(fmt::format("  {:>10}  {:>6}  {} {}\n", one.objects, one.id, one.kind, base::printable(one.url)));
    if (!one.cursor.empty()) output.write(fmt::format("{:>22}read up to {}\n", "", base::printable(one.cursor)));
    if (!one.last_error.empty()) {
      output.write(fmt::format("{:>22}not read: {}\n", "", base::printable(one.last_error)));
    }
  }
}

/// Of the archive as a whole.
void write_stats(archive::Reader& archive, const std::string& format_named, Output& output) {
  const archive::Format& format = archive.format();
  const archive::Stats found = archive::read_stats(archive, true);
  if (format_named == "json") {
    output.write(archive::stats_json(archive, found) + "\n");
    return;
  }
  output.write(fmt::format("archive   {} of {}, {} dimensions, snapshot {}\n", format.id, format.created,
                           format.dimensions, archive.sequence()));
  if (archive::is_replica(archive.folder())) {
    output.write(fmt::format("replica   {}\n", base::printable(archive.folder().string())));
  }
  output.write(fmt::format("weights   {}\nprofile   {}, windows {}\n", format.space.weights_sha256,
                           format.space.profile, format.space.windows));
  output.write(
      fmt::format("bytes     {} ({} rows)\nnewest    {}\n\n", found.bytes, archive.segments().rows(), found.newest));
  if (const auto& spent = found.energy) {
    output.write(fmt::format("energy    {} kWh, {} CO2e in {:.3g} h of {} runs that added\n\n",
                             energy::to_text(spent->kwh), energy::mass_text(spent->kilograms), spent->hours,
                             spent->runs));
  }
  for (const auto& [name, count] : found.totals) output.write(fmt::format("{:<9} {}\n", name, count));
  for (const auto& [name, counts] : found.tables) {
    if (counts.empty() || name == "sources") continue;
    output.write(fmt::format("\n{}\n", name));
    for (const auto& [value, count] : counts)
      output.write(fmt::format("  {:>10}  {}\n", count, base::printable(value)));
  }
  if (found.sources) write_sources(*found.sources, output);
}

/// A table, or CSV after a header line.
void write_counts(const std::vector<archive::CountedGroup>& groups, const std::vector<std::string>& by,
                  const std::string& format_named, Output& output) {
  if (format_named == "csv") {
    output.write(fmt::format("{},images,series,studies,patients\n", fmt::join(by, ",")));
    for (const archive::CountedGroup& group : groups) {
      std::string line;
      for (const std::string& value : group.values) line += base::csv_field(value) + ',';
      output.write(fmt::format("{}{},{},{},{}\n", line, group.images, group.series, group.studies, group.patients));
    }
    return;
  }
  std::string head;
  for (const std::string& field : by) head += fmt::format("{:<14}  ", field);
  output.write(fmt::format("{}{:>9}  {:>8}  {:>8}  {:>8}\n", head, "images", "series", "studies", "patients"));
  for (const archive::CountedGroup& group : groups) {
    std::string line;
    for (const std::string& value : group.values) line += fmt::format("{:<14}  ", or_dash(value));
    output.write(
        fmt::format("{}{:>9}  {:>8}  {:>8}  {:>8}\n", line, group.images, group.series, group.studies, group.patients));
  }
}

std::string counts_json(archive::Reader& archive, const std::vector<archive::CountedGroup>& groups,
                        const std::vector<std::string>& by) {
  std::string text =
      fmt::format(R"({{{}, "by": {}, "groups": [)", archive::archive_json(archive), base::json_strings(by));
  for (const archive::CountedGroup& group : groups) {
    if (&group != groups.data()) text += ", ";
    text += '{';
    for (std::size_t i = 0; i < by.size(); ++i) {
      const std::string& value = group.values[i];
      text += fmt::format(R"({}: {}, )", base::json_string(by[i]), value.empty() ? "null" : base::json_string(value));
    }
    text += fmt::format(R"("images": {}, "series": {}, "studies": {}, "patients": {}}})", group.images, group.series,
                        group.studies, group.patients);
  }
  return text + "]}\n";
}

int stats(const StatsArguments& arguments) {
  std::vector<std::string> by;
  if (!arguments.by.empty()) {
    for (const std::string_view field : base::comma_parts(arguments.by)) by.emplace_back(field);
  }
  std::optional<archive::filter::Expr> where;
  if (!arguments.where.empty()) where = archive::filter::parse(arguments.where);
  if (by.empty() && (where || arguments.format == "csv")) {
    throw Error(Code::kBadArgument, "index stats: --where and --format csv need --by");
  }
  catch_interrupts();
  archive::Reader archive(folder_of(arguments.archive));
  const auto output = open_output("-");
  if (by.empty()) {
    write_stats(archive, arguments.format, *output);
  } else {
    const std::vector<archive::CountedGroup> groups = archive::count_by(archive, by, where);
    if (arguments.format == "json") {
      output->write(counts_json(archive, groups, by));
    } else {
      write_counts(groups, by, arguments.format, *output);
    }
  }
  output->commit();
  return 0;
}

constexpr std::string_view kStatsHelp =
    R"(Without --by: what the archive is of, its bytes, newest study, refused files by reason, and its sources: the
number of each (for rm --source and --where source=N), how far a server was read, and when and why one could not be
read when it was last tried. With --by: how many images, series, studies and patients there are of each value; a
patient with images of two values counts for both, and who is not known for none. An image to which labels give several values of
a KEY is counted under all of them together, with " | " between.

Examples:
  mi2 index stats archive/
  mi2 index stats archive/ --by modality,month
  mi2 index stats archive/ --by label.finding
  mi2 index stats archive/ --by station --where 'modality=CT' -f csv
)";

}  // namespace

void add_index_stats(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<StatsArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command
      .add_option("--by", arguments->by,
                  fmt::format("Count by some of {} and label.KEY", fmt::join(archive::kCountFields, ", ")))
      ->type_name("FIELD[,FIELD]..");
  add_where(command, arguments->where, "With --by: only what this lets by");
  command.add_option("-f,--format", arguments->format, "How it is written; csv with --by")
      ->type_name("table|json|csv")
      ->transform(one_of({"table", "json", "csv"}))
      ->capture_default_str();
  command.footer(fmt::format("{}\n{}\n{}", kStatsHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return stats(*arguments); }; });
}

}  // namespace mi2::cli
