// mi2 index tags: whether what headers say of images is what images like them have.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "archive/answers.hpp"
#include "archive/reader.hpp"
#include "archive/tags.hpp"
#include "arguments.hpp"
#include "base/csv.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "index_command.hpp"
#include "index_results.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

struct TagsArguments {
  std::string archive;
  std::string where;
  archive::TagOptions options;
  unsigned threads = 0;
  ResultArguments results;
};

constexpr std::string_view kTagsHelp = R"(How it is judged:
  Each series (other images by themselves) is compared with the K nearest other patients that have
  the field, each by the nearest series. Where at least --min-agreement of them have one value and
  the series has another, or none, that value is suggested. Values are compared without the case of
  A to Z. A suggestion is a reason to look, not a correction: a rare kind has no neighbours of its
  own.

Formats:
  table  for people         jsonl  an object per result           csv  after a header line
  How many agree and how many were not decided goes to standard error.

Examples:
  mi2 index tags archive/ --field body_part
  mi2 index tags archive/ --field plane --where modality=MR --out fixes.csv
)";

std::string joined(const std::vector<std::uint64_t>& rows, std::string_view between) {
  return fmt::format("{}", fmt::join(rows, between));
}

std::string line_of(const archive::DoubtfulTag& found, const archive::ItemFacts& item, const TagsArguments& arguments,
                    std::int64_t snapshot, const std::string& format) {
  if (format == "table") {
    return fmt::format("{:<16}  {:<16}  {:>9.2f}  {:<8}  {:<10}  {:>8}  {}\n", or_dash(found.tag),
                       or_dash(found.suggested), found.agreement, or_dash(item.modality), or_dash(item.study_date),
                       item.row, name_of(item));
  }
  std::string line;
  if (format == "csv") {
    line =
        fmt::format("{},{},{},", arguments.options.field, base::csv_field(found.tag), base::csv_field(found.suggested));
    base::append_number(line, found.agreement);
    return line + fmt::format(",{},{},{},{},{},{},{},{}\n", found.same, item.row, base::csv_field(item.locator),
                              base::csv_field(item.study_uid), base::csv_field(item.series_uid),
                              base::csv_field(item.modality), base::csv_field(item.study_date),
                              joined(found.nearest, " "));
  }
  line = fmt::format(R"({{"field": "{}", "tag": {}, "suggested": {}, "agreement": )", arguments.options.field,
                     found.tag.empty() ? "null" : base::json_string(found.tag), base::json_string(found.suggested));
  base::append_number(line, found.agreement);
  return line +
         fmt::format(R"(, "same": {}, "nearest": [{}], "snapshot": {}, {}}})", found.same, joined(found.nearest, ", "),
                     snapshot, archive::item_json(item, !item.locator.empty())) +
         '\n';
}

std::string header_of(const std::string& format) {
  if (format == "table") {
    return fmt::format("{:<16}  {:<16}  {:>9}  {:<8}  {:<10}  {:>8}  {}\n", "tag", "suggested", "agreement", "modality",
                       "date", "item", "of");
  }
  return format == "csv" ? "field,tag,suggested,agreement,same,item,path,study,series,modality,date,nearest\n" : "";
}

int index_tags(const TagsArguments& arguments) {
  const std::string format = check_results(arguments.results);
  archive::TagOptions options = arguments.options;
  if (!arguments.where.empty()) options.where = archive::filter::parse(arguments.where);
  catch_interrupts();
  Progress progress("compared");
  options.on_progress = shown_on(progress);
  archive::Reader archive(arguments.archive);
  base::ThreadPool pool(arguments.threads);
  const archive::TagAnswer answer = archive::check_tags(archive, options, pool);
  progress.hide();
  const auto output = open_output(arguments.results.out);
  output->write(header_of(format));
  for (const archive::DoubtfulTag& found : answer.doubtful) {
    output->write(line_of(found, archive.item(found.row), arguments, answer.snapshot, format));
  }
  output->commit();
  progress.note(
      fmt::format("{} doubtful of {}; {} agree with their neighbours, of {} the neighbours do not agree; "
                  "snapshot {}",
                  answer.doubtful.size(), answer.judged, answer.agreed, answer.undecided, answer.snapshot));
  if (answer.alone > 0) {
    progress.warn(fmt::format("{} not judged: fewer than {} other patients have {}", answer.alone, arguments.options.k,
                              arguments.options.field));
  }
  return 0;
}

}  // namespace

void add_index_tags(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<TagsArguments>();
  archive::TagOptions& options = arguments->options;
  add_archive(command, arguments->archive);
  std::vector<std::string> fields(archive::kTagFields.begin(), archive::kTagFields.end());
  command.add_option("--field", options.field, "What is checked")
      ->type_name(fmt::format("{}", fmt::join(fields, "|")))
      ->transform(one_of(fields))
      ->capture_default_str();
  command.add_option("-k", options.k, "Patients that are asked")
      ->type_name("K")
      ->check(CLI::Range(1U, 1000U).description(""))
      ->capture_default_str();
  command.add_option("--min-agreement", options.min_agreement, "The share of them that must have the same value")
      ->type_name("SHARE")
      ->check(number_in(0.0, 1.0))
      ->capture_default_str();
  add_where(command, arguments->where, "Judge only what this lets by");
  add_comparing_threads(command, arguments->threads);
  add_result_arguments(command, arguments->results);
  command.footer(fmt::format("{}\n{}\n{}", kTagsHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return index_tags(*arguments); }; });
}

}  // namespace mi2::cli
