// mi2 index outliers: what lies far from a part of the archive that is known to be usual.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/judgement_answers.hpp"
#include "archive/outliers.hpp"
#include "archive/reader.hpp"
#include "archive/shared.hpp"
#include "arguments.hpp"
#include "base/csv.hpp"
#include "base/numbers.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "evaluation/delong.hpp"
#include "index_command.hpp"
#include "index_results.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "parsed_option.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

struct OutliersArguments {
  std::string archive;
  std::string reference;
  std::string test;
  std::string truth;
  archive::OutlierOptions options;
  bool only = false;
  unsigned threads = 0;
  ResultArguments results;
};

constexpr std::string_view kOutliersHelp = R"(How it is judged:
  --reference chooses what is usual; everything else is judged, or what --test chooses. The score is
  the mean Euclidean distance to the K nearest of the reference. Nothing is compared with images of
  its own patient. An outlier has a score above what the reference itself stays below: each of it is
  judged by the others in the same way, and the --quantile of these scores is the threshold, which
  takes no labels. --pool says what is judged as one:
    image     each image                       stats7    each study, by mean, standard deviation,
    mean      each series, by its unit mean;             minimum, quartiles and maximum of its images
              other images by themselves       center20  each series, by the mean of its middle slices

Formats:
  table  for people         jsonl  an object per result           csv  after a header line
  The highest score comes first. What was compared, and what could not be, goes to standard error.
  'rarity' is how much of the reference has a score as high or higher.
  --truth FILE.csv (or --roc) has a column outlier (0 or 1) beside one of item, path, series or study; the area
  under the ROC curve then goes to standard error too.

Examples:
  mi2 index outliers archive/ --reference 'date<2024' --test 'date>=2024' --pool mean
  mi2 index outliers archive/ --reference 'path~/normal/' --only-outliers -f csv -o look.csv
)";

/// Which are outliers, as somebody says.
class Truth {
 public:
  explicit Truth(const std::string& file) : table_(base::Table::read(file)) {
    const std::size_t id = table_.need(kIds);
    const std::size_t outlier = table_.need(kOutlier);
    kind_ = base::lower_ascii(table_.header()[id]);
    for (const base::CsvRow& row : table_.rows()) {
      const std::string& word = row.fields[outlier];
      if (word != "0" && word != "1") {
        throw Error(Code::kBadFile, fmt::format("{}: line {}: outlier: expected 0 or 1, got '{}'", table_.name(),
                                                row.line, base::printable(word)));
      }
      const auto [known, fresh] = outliers_.try_emplace(row.fields[id], word == "1");
      if (!fresh && known->second != (word == "1")) {
        throw Error(Code::kBadFile, fmt::format("{}: line {}: '{}' is an outlier in one row and none in another",
                                                table_.name(), row.line, base::printable(row.fields[id])));
      }
    }
  }

  /// Nothing for what the table does not have.
  [[nodiscard]] std::optional<bool> of(const archive::ItemFacts& item) const {
    const auto found = outliers_.find(id_of(item));
    return found == outliers_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  static constexpr std::array<std::string_view, 4> kIds{"item", "path", "series", "study"};
  static constexpr std::array<std::string_view, 1> kOutlier{"outlier"};

  [[nodiscard]] std::string id_of(const archive::ItemFacts& item) const {
    if (kind_ == "item") return fmt::format("{}", item.row);
    if (kind_ == "path") return item.locator;
    return kind_ == "series" ? item.series_uid : item.study_uid;
  }

  base::Table table_;
  std::string kind_;
  std::unordered_map<std::string, bool> outliers_;
};

/// A row of a table or of CSV. @param item  of the judged, as pooled.
std::string row_of(const archive::Judged& judged, const archive::ItemFacts& item, std::size_t rank,
                   const std::string& format) {
  std::string line;
  if (format == "table") {
    const std::string rarity = judged.rarity ? fmt::format("{:.4f}", *judged.rarity) : "-";
    line = fmt::format("{:>4}  {:>8.4f}  {:>7}  {:<8}  {:<8}  {:<10}  {:>8}  {:>8}  {}\n", rank, judged.score, rarity,
                       judged.outlier ? "outlier" : "-", or_dash(item.modality), or_dash(item.study_date), item.row,
                       judged.nearest, name_of(item));
  } else {
    line = fmt::format("{},", rank);
    base::append_number(line, judged.score);
    line += ',';
    if (judged.rarity) base::append_number(line, *judged.rarity);
    line +=
        fmt::format(",{},{},{},{},{},{},{},{},{},{},{}\n", judged.outlier ? 1 : 0, item.row,
                    base::csv_field(item.locator), item.kind == "frame" ? fmt::format("{}", item.frame) : "",
                    base::csv_field(item.study_uid), base::csv_field(item.series_uid), base::csv_field(item.sop_uid),
                    base::csv_field(item.modality), base::csv_field(item.study_date), judged.images, judged.nearest);
  }
  return line;
}

std::string header_of(const std::string& format) {
  if (format == "table") {
    return fmt::format("{:>4}  {:>8}  {:>7}  {:<8}  {:<8}  {:<10}  {:>8}  {:>8}  {}\n", "rank", "score", "rarity", "",
                       "modality", "date", "item", "nearest", "of");
  }
  return format == "csv" ? "rank,score,rarity,outlier,item,path,frame,study,series,image,modality,date,images,nearest\n"
                         : "";
}

void note_outliers(const archive::OutlierAnswer& answer, const OutliersArguments& arguments, Progress& progress) {
  std::size_t outliers = 0;
  for (const archive::Judged& judged : answer.judged) outliers += judged.outlier ? 1 : 0;
  std::string threshold = fmt::format("threshold {:.4f}", answer.threshold);
  if (!arguments.options.threshold) {
    threshold +=
        fmt::format(", the {} quantile of {} of the reference", arguments.options.quantile, answer.reference_judged);
  }
  progress.note(fmt::format("{} of {} are outliers; {}; snapshot {}", outliers, answer.judged.size(), threshold,
                            answer.snapshot));
  if (answer.alone > 0) {
    progress.warn(fmt::format("{} not judged: the reference has fewer than {} entries of other patients for them",
                              answer.alone, arguments.options.k));
  }
  if (answer.too_few > 0) progress.warn(fmt::format("{} studies of a single image not judged", answer.too_few));
  constexpr double kFewAbove = 5;
  const double above = (1 - arguments.options.quantile) * static_cast<double>(answer.reference_judged);
  if (!arguments.options.threshold && above < kFewAbove) {
    progress.note(fmt::format("the threshold rests on few: {:.1f} of the reference are expected above it", above));
  }
}

/// The area under the curve, of what the table has.
class Curve {
 public:
  void add(double score, std::optional<bool> outlier) {
    if (!outlier) {
      ++unknown_;
      return;
    }
    scores_.push_back(score);
    outliers_.push_back(*outlier ? 1 : 0);
  }

  void note(const std::string& file, Progress& progress) const {
    if (unknown_ > 0) progress.warn(fmt::format("{}: {} of the judged are not in it", file, unknown_));
    const auto found = evaluation::delong(evaluation::RankedScores(scores_, outliers_));
    if (!found) {
      progress.warn(
          fmt::format("{}: expected outliers and others among the judged, got {} of one kind", file, scores_.size()));
      return;
    }
    progress.note(fmt::format("AUC {}, {} outliers and {} others", evaluation::to_text(found->figure()),
                              found->positives, found->negatives));
  }

 private:
  std::vector<double> scores_;
  std::vector<std::uint8_t> outliers_;
  std::size_t unknown_ = 0;
};

int index_outliers(const OutliersArguments& arguments) {
  const std::string format = check_results(arguments.results);
  std::optional<Truth> truth;
  if (!arguments.truth.empty()) truth.emplace(arguments.truth);
  archive::OutlierOptions options = arguments.options;
  options.reference = archive::filter::parse(arguments.reference);
  if (!arguments.test.empty()) options.test = archive::filter::parse(arguments.test);
  catch_interrupts();
  Progress progress("compared");
  options.on_progress = shown_on(progress);
  archive::Reader archive(archive::local_folder(arguments.archive, options.on_progress));
  base::ThreadPool pool(arguments.threads);
  const archive::OutlierAnswer answer = archive::find_outliers(archive, options, pool);
  progress.hide();
  const auto output = open_output(arguments.results.out);
  output->write(header_of(format));
  Curve curve;
  std::size_t rank = 0;
  for (const archive::Judged& judged : answer.judged) {
    ++rank;
    if (!truth && arguments.only && !judged.outlier) break;  // the highest scores come first
    const archive::ItemFacts item = archive.item(judged.row);
    if (truth) curve.add(judged.score, truth->of(item));
    if (arguments.only && !judged.outlier) continue;
    output->write(format == "jsonl" ? archive::judged_json(archive, judged, rank, answer, options.pooling) + '\n'
                                    : row_of(judged, archive::as_pooled(item, options.pooling), rank, format));
  }
  output->commit();
  note_outliers(answer, arguments, progress);
  if (truth) curve.note(arguments.truth, progress);
  return 0;
}

}  // namespace

void add_index_outliers(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<OutliersArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_option("--reference", arguments->reference, "What is usual: the images that EXPR chooses")
      ->type_name("EXPR")
      ->required();
  command.add_option("--test", arguments->test, "What is judged (default: all but the reference)")->type_name("EXPR");
  add_parsed(command, "--pool", arguments->options.pooling, archive::parse_pooling, "What is judged as one")
      ->type_name("image|mean|stats7|center20")
      ->transform(one_of({"image", "mean", "stats7", "center20"}))
      ->default_str("mean");
  command.add_option("-k", arguments->options.k, "Nearest of the reference that count")
      ->type_name("K")
      ->transform(whole_number_in(1, 1000))
      ->capture_default_str();
  CLI::Option* const quantile = command
                                    .add_option("--quantile", arguments->options.quantile,
                                                "Quantile of the reference's own scores that is the threshold")
                                    ->type_name("Q")
                                    ->check(number_in(0.0, 1.0))
                                    ->capture_default_str();
  command
      .add_option_function<double>(
          "--threshold", [arguments](double threshold) { arguments->options.threshold = threshold; },
          "Score above which something is an outlier, in place of --quantile")
      ->type_name("SCORE")
      ->check(number_in(0.0, 1e12))
      ->excludes(quantile);
  command.add_option("--truth,--roc", arguments->truth, "Which are outliers, for the area under the ROC curve")
      ->type_name("CSV");
  command.add_flag("--only-outliers", arguments->only, "Write outliers only");
  add_comparing_threads(command, arguments->threads);
  add_result_arguments(command, arguments->results);
  command.footer(fmt::format("{}\n{}\n{}", kOutliersHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return index_outliers(*arguments); }; });
}

}  // namespace mi2::cli
