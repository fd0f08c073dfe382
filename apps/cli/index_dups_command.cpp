// mi2 index dups: what an archive has more than once.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "archive/dups.hpp"
#include "archive/judgement_answers.hpp"
#include "archive/reader.hpp"
#include "archive/shared.hpp"
#include "arguments.hpp"
#include "base/csv.hpp"
#include "base/numbers.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "index_command.hpp"
#include "index_results.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "parsed_option.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

struct DupsArguments {
  std::string archive;
  std::string where;
  archive::DupOptions options;
  std::size_t limit = 0;
  ResultArguments results;
};

constexpr std::string_view kDupsHelp = R"(Levels:
  object     files of one object: copies, other content under the same SOP instance UID (conflict),
             and files of equal bytes without one
  pixels     objects of other identifiers whose decoded samples are equal, however they are encoded,
             named or windowed
  reencoded  pictures that show the same after encoding with losses, resizing or another window:
             difference hashes of 64 bits that differ in 4 at most, and a cosine above 0.999.
             Neighbouring slices are as near, so pictures of one study or one frame of reference
             count only at the same position, instance number, frame, kernel and contrast. A second
             acquisition may be among them, and so may neighbouring slices that were exported
             without their headers: look before anything is deleted.
  Blank images, of a single value, are not duplicates of each other; they are counted.

Results:
  The first of a group has the lowest item number; 'cosine' and 'bits' compare the others with it.
  'patients' counts different known patients: 2 of them with the same pixels are probably one, and
  mi2 index search leaves both out where it leaves out one.

Formats:
  table  for people         jsonl  an object per group            csv  a row per image or file
  What was compared, and what could not be, goes to standard error.

Examples:
  mi2 index dups archive/
  mi2 index dups archive/ --level reencoded --where 'modality in (CR,DX)' -f csv -o look.csv
)";

/// A member with what it is of.
struct Shown {
  const archive::DupMember& member;
  std::optional<archive::ItemFacts> item;
};

std::string table_line(std::size_t number, const archive::DupGroup& group, const Shown& shown) {
  const archive::DupMember& member = shown.member;
  return fmt::format(
      "{:>5}  {:>8}  {:<9}  {:>7}  {:>4}  {:<8}  {:<10}  {:>8}  {}\n", number, group.patients, member.why,
      member.cosine ? fmt::format("{:.5f}", *member.cosine) : "-", member.bits ? fmt::format("{}", *member.bits) : "-",
      shown.item ? or_dash(shown.item->modality) : "-", shown.item ? or_dash(shown.item->study_date) : "-",
      shown.item ? fmt::format("{}", shown.item->row) : "-",
      member.path.empty() ? name_of(*shown.item) : base::printable(member.path));
}

std::string csv_line(std::size_t number, const archive::DupGroup& group, const Shown& shown) {
  const archive::DupMember& member = shown.member;
  std::string line = fmt::format("{},{},{},", number, group.patients, member.why);
  if (member.cosine) base::append_number(line, *member.cosine);
  line += ',';
  if (member.bits) line += fmt::format("{}", *member.bits);
  if (!shown.item) return line + fmt::format(",,{},,,,,,\n", base::csv_field(member.path));
  const archive::ItemFacts& item = *shown.item;
  return line + fmt::format(",{},{},{},{},{},{},{},{}\n", item.row, base::csv_field(item.locator), item.frame,
                            base::csv_field(item.study_uid), base::csv_field(item.series_uid),
                            base::csv_field(item.sop_uid), base::csv_field(item.modality),
                            base::csv_field(item.study_date));
}

void write_group(const archive::Reader& archive, const archive::DupAnswer& answer, std::size_t g,
                 const DupsArguments& arguments, const std::string& format, Output& output) {
  const archive::DupGroup& group = answer.groups[g];
  if (format == "jsonl") {
    output.write(archive::dup_group_json(archive, group, g + 1, arguments.options.level, answer.snapshot) + '\n');
    return;
  }
  std::string text;
  for (const archive::DupMember& member : group.members) {
    const Shown shown{member, archive::item_of(archive, member)};
    text += format == "table" ? table_line(g + 1, group, shown) : csv_line(g + 1, group, shown);
  }
  output.write(text);
}

std::string header_of(const std::string& format) {
  if (format == "table") {
    return fmt::format("{:>5}  {:>8}  {:<9}  {:>7}  {:>4}  {:<8}  {:<10}  {:>8}  {}\n", "group", "patients", "why",
                       "cosine", "bits", "modality", "date", "item", "of");
  }
  return format == "csv" ? "group,patients,why,cosine,bits,item,path,frame,study,series,image,modality,date\n" : "";
}

void note_dups(const archive::DupAnswer& answer, archive::DupLevel level, Progress& progress) {
  std::size_t members = 0;
  std::size_t linked = 0;
  for (const archive::DupGroup& group : answer.groups) {
    members += group.members.size();
    linked += group.patients > 1 ? 1 : 0;
  }
  const bool files = level == archive::DupLevel::kObject;
  std::string line = fmt::format("{} {} of {} {}", answer.groups.size(), answer.groups.size() == 1 ? "group" : "groups",
                                 members, files ? "files" : "images");
  if (linked > 0) line += fmt::format(", {} of several patients", linked);
  if (!files) line += fmt::format("; {} images compared", answer.compared);
  if (answer.blank > 0) line += fmt::format("; {} blank ones left out", answer.blank);
  if (answer.plain > 0) line += fmt::format("; {} that show nothing not compared", answer.plain);
  progress.note(fmt::format("{}; snapshot {}", line, answer.snapshot));
  if (answer.unhashed > 0) {
    progress.warn(
        fmt::format("{} images were added before archives kept hashes of pixels, and were not compared: remove them "
                    "with 'mi2 index rm' and add them again",
                    answer.unhashed));
  }
}

int index_dups(const DupsArguments& arguments) {
  const std::string format = check_results(arguments.results);
  archive::DupOptions options = arguments.options;
  if (!arguments.where.empty()) options.where = archive::filter::parse(arguments.where);
  catch_interrupts();
  Progress progress("steps");
  options.on_progress = shown_on(progress);
  archive::Reader archive(archive::local_folder(arguments.archive, options.on_progress));
  const archive::DupAnswer answer = archive::find_dups(archive, options);
  progress.hide();
  const auto output = open_output(arguments.results.out);
  output->write(header_of(format));
  for (std::size_t g = 0; g < answer.groups.size() && (arguments.limit == 0 || g < arguments.limit); ++g) {
    write_group(archive, answer, g, arguments, format, *output);
  }
  output->commit();
  note_dups(answer, options.level, progress);
  if (arguments.limit != 0 && answer.groups.size() > arguments.limit) {
    progress.note(fmt::format("the first {} of {} groups written", arguments.limit, answer.groups.size()));
  }
  return 0;
}

}  // namespace

void add_index_dups(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<DupsArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  add_parsed(command, "--level", arguments->options.level, archive::parse_dup_level, "What counts as the same")
      ->type_name("object|pixels|reencoded")
      ->transform(one_of({"object", "pixels", "reencoded"}))
      ->default_str("pixels");
  add_where(command, arguments->where, "Compare only what this lets by");
  command.add_option("--limit", arguments->limit, "Groups to write (default: all)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1'000'000'000));
  add_result_arguments(command, arguments->results);
  command.footer(fmt::format("{}\n{}\n{}", kDupsHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return index_dups(*arguments); }; });
}

}  // namespace mi2::cli
