// mi2 index tags: whether what headers say of images is what images like them have.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/classifier.hpp>
#include <mi2/error.hpp>

#include "adapter/adapter.hpp"
#include "archive/format.hpp"
#include "archive/heads/tag_head.hpp"
#include "archive/judgement_answers.hpp"
#include "archive/reader.hpp"
#include "archive/shared.hpp"
#include "archive/tags.hpp"
#include "arguments.hpp"
#include "base/csv.hpp"
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
  std::string head;
  unsigned threads = 0;
  ResultArguments results;
};

constexpr std::string_view kTagsHelp = R"(How it is judged:
  Each series (other images by themselves) is compared with the K nearest other patients that have
  the field, each by the nearest series. Where at least --min-agreement of them have one value and
  the series has another, or none, that value is suggested. Values are compared without the case of
  A to Z. A suggestion is a reason to look, not a correction: a rare kind has no neighbours of its
  own. With --head an adapter (mi2 adapter train) is asked in place of neighbours, and what it
  finds with a probability of at least --min-agreement is suggested.
  contrast is yes where the header names an agent, and no where a CT or MR names none. sequence
  is what the description of an MR series names, else its protocol: T1, T2, FLAIR, PD, STIR, DWI,
  ADC, SWI, T2*, MRA, perfusion or localizer.

Formats:
  table  for people         jsonl  an object per result           csv  after a header line
  How many agree, and how many could not be decided, goes to standard error. Lines of the CSV that
  you keep can be sent to a PACS: mi2 index push archive/ fixes.csv

Examples:
  mi2 index tags archive/ --field body_part
  mi2 index tags archive/ --field plane --where modality=MR --out fixes.csv
  mi2 index tags archive/ --field sequence --head sequences --min-agreement 0.9
)";

std::string line_of(const archive::DoubtfulTag& found, const archive::ItemFacts& item, const TagsArguments& arguments,
                    const archive::TagAnswer& answer, const std::string& format) {
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
    return line + fmt::format(",{},{},{},{},{},{},{},{},{},{}\n", found.same, item.row, base::csv_field(item.locator),
                              base::csv_field(item.study_uid), base::csv_field(item.series_uid),
                              base::csv_field(item.modality), base::csv_field(item.study_date),
                              fmt::join(found.nearest, " "), answer.method, answer.snapshot);
  }
  return archive::doubtful_json(found, item, answer, arguments.options.field) + '\n';
}

std::string header_of(const std::string& format) {
  if (format == "table") {
    return fmt::format("{:<16}  {:<16}  {:>9}  {:<8}  {:<10}  {:>8}  {}\n", "tag", "suggested", "agreement", "modality",
                       "date", "item", "of");
  }
  return format == "csv"
             ? "field,tag,suggested,agreement,same,item,path,study,series,modality,date,nearest,method,snapshot\n"
             : "";
}

int index_tags(const TagsArguments& arguments) {
  const std::string format = check_results(arguments.results);
  archive::TagOptions options = arguments.options;
  if (!arguments.where.empty()) options.where = archive::filter::parse(arguments.where);
  catch_interrupts();
  Progress progress("compared");
  options.on_progress = shown_on(progress);
  archive::Reader archive(archive::local_folder(arguments.archive, options.on_progress));
  if (!arguments.head.empty()) {
    auto adapter = std::make_shared<const adapter::Adapter>(adapter::Adapter::open(arguments.head));
    archive::heads::use_head(arguments.head, std::move(adapter), archive.format(), options);
  }
  base::ThreadPool pool(arguments.threads);
  const archive::TagAnswer answer = archive::check_tags(archive, options, pool);
  progress.hide();
  const auto output = open_output(arguments.results.out);
  output->write(header_of(format));
  for (const archive::DoubtfulTag& found : answer.doubtful) {
    output->write(line_of(found, archive.item(found.row), arguments, answer, format));
  }
  output->commit();
  progress.note(fmt::format("{} doubtful of {}; {} agree with {}, for {} {}; snapshot {}", answer.doubtful.size(),
                            answer.judged, answer.agreed, options.head ? "the adapter" : "their neighbours",
                            answer.undecided, options.head ? "it is not sure" : "the neighbours disagree",
                            answer.snapshot));
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
  add_archive(command, arguments->archive, Archives::kSharedToo);
  std::vector<std::string> fields(archive::kTagFields.begin(), archive::kTagFields.end());
  command.add_option("--field", options.field, "What is checked")
      ->type_name(fmt::format("{}", fmt::join(fields, "|")))
      ->transform(one_of(fields))
      ->capture_default_str();
  command.add_option("-k", options.k, "Patients that are asked")
      ->type_name("K")
      ->transform(whole_number_in(1, 1000))
      ->capture_default_str();
  command.add_option("--head", arguments->head, "An adapter that is asked in place of neighbours: NAME of NAME.json")
      ->type_name("HEAD")
      ->excludes("-k");
  command
      .add_option("--min-agreement", options.min_agreement,
                  "The share of them that must have the same value, or the probability that the adapter must give")
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
