// mi2 index drift: whether images of a scanner, a month or a site still look as those before.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "archive/drift.hpp"
#include "archive/judgement_answers.hpp"
#include "archive/reader.hpp"
#include "archive/shared.hpp"
#include "arguments.hpp"
#include "base/comma_list.hpp"
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

struct DriftArguments {
  std::string archive;
  std::string reference;
  std::string test;
  std::string by = "station,month";
  archive::DriftOptions options;
  unsigned threads = 0;
  ResultArguments results;
};

constexpr std::string_view kDriftHelp = R"(How it is judged:
  Images that --reference lets by are compared with groups of all others (or of --test's): by
  default with those of each station and month. distance is the energy distance between samples
  of both; small groups have a larger one by chance. p is how often patients who are divided at
  random come to such a distance; patients are divided, not images, since images of one patient
  are alike. p_holm corrects for the number of groups. "what moved" names images that are farther
  from the reference than from their own group. Samples are drawn with --seed, so a run can be
  repeated. A small p says that a group looks different, not why: other patients do that as well.

Formats:
  table  for people         jsonl  an object per group           csv  after a header line

Examples:
  mi2 index drift archive/ --reference 'date<2024'
  mi2 index drift archive/ --reference 'station=CT1' --test 'station!=CT1' --by station -f jsonl
)";

std::string values_text(const archive::DriftGroup& group) {
  std::string text;
  for (const std::string& value : group.values) {
    text += fmt::format("{:<12}  ", or_dash(value));
  }
  return text;
}

std::string line_of(archive::Reader& archive, const archive::DriftGroup& group, const archive::DriftAnswer& answer,
                    const DriftArguments& arguments, const std::string& format) {
  std::string line;
  if (format == "table") {
    std::string moved;
    for (std::size_t i = 0; i < group.moved.size() && i < 3; ++i) moved += fmt::format(" {}", group.moved[i].row);
    return fmt::format("{}{:>7}  {:>8}  {:>8.4f}  {:>7.4f}  {:>7.4f} {}\n", values_text(group), group.images,
                       group.patients, group.distance, group.p, group.p_holm, moved);
  }
  if (format == "csv") {
    for (const std::string& value : group.values) line += base::csv_field(value) + ',';
    line += fmt::format("{},{},{},", group.images, group.sampled, group.patients);
    base::append_number(line, group.distance);
    line += ',';
    base::append_number(line, group.p);
    line += ',';
    base::append_number(line, group.p_holm);
    line += ',';
    for (std::size_t i = 0; i < group.moved.size(); ++i) {
      line += fmt::format("{}{}", i > 0 ? " " : "", group.moved[i].row);
    }
    return line + '\n';
  }
  return archive::group_json(archive, group, arguments.options.by, answer.snapshot) + '\n';
}

std::string header_of(const DriftArguments& arguments, const std::string& format) {
  std::string line;
  if (format == "table") {
    for (const std::string& field : arguments.options.by) line += fmt::format("{:<12}  ", field);
    return line + fmt::format("{:>7}  {:>8}  {:>8}  {:>7}  {:>7}  {}\n", "images", "patients", "distance", "p",
                              "p_holm", "what moved");
  }
  if (format != "csv") return {};
  for (const std::string& field : arguments.options.by) line += field + ',';
  return line + "images,sampled,patients,distance,p,p_holm,moved\n";
}

int index_drift(const DriftArguments& arguments) {
  const std::string format = check_results(arguments.results);
  DriftArguments filled = arguments;
  archive::DriftOptions& options = filled.options;
  options.by.clear();
  for (const std::string_view field : base::comma_parts(arguments.by)) options.by.emplace_back(field);
  options.reference = archive::filter::parse(arguments.reference);
  if (!arguments.test.empty()) options.test = archive::filter::parse(arguments.test);
  catch_interrupts();
  Progress progress("compared");
  options.on_progress = shown_on(progress);
  archive::Reader archive(archive::local_folder(arguments.archive, options.on_progress));
  base::ThreadPool pool(arguments.threads);
  const archive::DriftAnswer answer = archive::find_drift(archive, options, pool);
  progress.hide();
  const auto output = open_output(arguments.results.out);
  output->write(header_of(filled, format));
  for (const archive::DriftGroup& group : answer.groups) output->write(line_of(archive, group, answer, filled, format));
  output->commit();
  progress.note(
      fmt::format("{} groups beside {} images of the reference, {} of them sampled, of {} patients; snapshot {}",
                  answer.groups.size(), answer.reference, answer.sampled, answer.patients, answer.snapshot));
  constexpr std::size_t kFewPatients = 10;
  std::size_t few = 0;
  for (const archive::DriftGroup& group : answer.groups) few += group.patients < kFewPatients ? 1 : 0;
  if (few > 0) {
    progress.note(fmt::format("{} groups have fewer than {} patients: their p says little", few, kFewPatients));
  }
  return 0;
}

}  // namespace

void add_index_drift(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<DriftArguments>();
  archive::DriftOptions& options = arguments->options;
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_option("--reference", arguments->reference, "The images that the others are compared with")
      ->type_name("EXPR")
      ->required();
  command.add_option("--test", arguments->test, "What is compared with it (default: all but the reference)")
      ->type_name("EXPR");
  command
      .add_option("--by", arguments->by,
                  fmt::format("What makes a group: some of {}", fmt::join(archive::kDriftFields, ", ")))
      ->type_name("FIELD,..")
      ->capture_default_str();
  command
      .add_option("--permutations", options.permutations, "Random divisions of the patients; p is at least 1 / (N + 1)")
      ->type_name("N")
      ->transform(whole_number_in(1, 1'000'000))
      ->capture_default_str();
  command
      .add_option("--sample", options.sample, "Images of the reference and of each group that are compared, at most")
      ->type_name("N")
      ->transform(whole_number_in(2, 2000))
      ->capture_default_str();
  command.add_option("--moved", options.moved, "Images that are named of each group")
      ->type_name("N")
      ->transform(whole_number_in(0, 2000))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Seed of the samples and divisions")
      ->type_name("N")
      ->transform(any_whole_number())
      ->capture_default_str();
  add_comparing_threads(command, arguments->threads);
  add_result_arguments(command, arguments->results);
  command.footer(fmt::format("{}\n{}\n{}", kDriftHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return index_drift(*arguments); }; });
}

}  // namespace mi2::cli
