#include "irma_errors.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/table.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "recipe/listing.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

evaluation::IrmaMeasure measure_of(const recipe::IrmaTable& table) {
  std::array<std::vector<std::string>, evaluation::kIrmaAxes> codes;
  static_assert(recipe::kIrmaAxes == evaluation::kIrmaAxes);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (const auto& [code, label] : table[i]) codes[i].push_back(code);
  }
  return evaluation::IrmaMeasure(codes);
}

/// As the bootstrap of other figures.
report::IrmaOptions options_of(const report::AnalysisOptions& analysis, std::size_t rows) {
  return {analysis.level, analysis.samples.value_or(report::samples_for(rows, 1)), analysis.seed};
}

}  // namespace

int evaluate_irma(const IrmaTables& tables, const report::CaseOptions& cases, const report::AnalysisOptions& analysis) {
  if (tables.predictions.empty() || tables.labels.empty()) {
    throw Error(Code::kBadArgument, "--irma: expected --predictions and --labels");
  }
  const evaluation::IrmaMeasure measure = measure_of(
      recipe::parse_irma_table(base::read_text_file(tables.codes, recipe::kMostIrmaTableBytes), tables.codes));
  std::size_t unanswered = 0;
  const std::vector<report::IrmaAnswer> answers = report::read_irma_answers(
      base::Table::read(tables.predictions), base::Table::read(tables.labels), cases, unanswered);
  report::IrmaResult found = [&] {
    Progress bar(0, "");
    return report::judge_irma(answers, measure, false, options_of(analysis, answers.size()), shown_on(bar));
  }();
  found.source = std::filesystem::path(tables.predictions).filename().string();
  found.unanswered = unanswered;
  write_irma(make_report_folder(tables.out), found);
  const auto output = open_output("-");
  output->write(report::to_text(found));
  output->commit();
  return 0;
}

void write_irma(const std::filesystem::path& folder, const report::IrmaResult& result) {
  base::AtomicFiles files;
  files.add(folder / "irma.json", report::to_json(result));
  files.add(folder / "irma.html", report::to_html(result));
  files.add(folder / "irma.csv", report::to_csv(result));
  files.commit();
}

IrmaErrors::IrmaErrors(const recipe::Prepared& prepared)
    : IrmaErrors(prepared, recipe::find_irma_table(recipe::Listing(prepared.root))) {}

IrmaErrors::IrmaErrors(const recipe::Prepared& prepared, const recipe::IrmaTable& table)
    : prepared_(prepared), texts_(table), measure_(measure_of(table)) {}

/// What the table has no code for says nothing at all.
std::string IrmaErrors::code_of(const std::string& text) const {
  return texts_.code_of(text).value_or("****-***-***-***");
}

report::IrmaResult IrmaErrors::judge(const Answers& answers, const report::AnalysisOptions& analysis) const {
  const recipe::Rows& rows = prepared_.rows;
  const std::size_t id = rows.need("id");
  const std::size_t label = rows.need("label");
  const std::size_t split = rows.need("split");
  const std::size_t code = rows.need("irma_code");
  const std::string_view judged = prepared_.splits.contains("test") ? "test" : "val";
  std::unordered_map<std::string_view, const recipe::Row*> row_of;
  for (const recipe::Row& row : rows.all()) {
    if (row.fields[split] == judged) row_of.emplace(row.fields[id], &row);
  }
  const report::Predictions& predictions = answers.predictions;
  std::vector<report::IrmaAnswer> codes;
  std::size_t silent = 0;
  for (std::size_t r = 0; r < predictions.ids.size(); ++r) {
    const auto found = row_of.find(predictions.ids[r]);
    if (found == row_of.end()) continue;
    const recipe::Row& row = *found->second;
    const std::span<const double> scores = predictions.scores.row(r);
    const std::string& text =
        predictions.labels[static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin())];
    if (!texts_.code_of(text)) ++silent;
    codes.push_back({row.fields[id], rows.where(row), row.fields[code], code_of(text), code_of(row.fields[label]), {}});
  }
  Progress bar(0, "");
  report::IrmaResult result =
      report::judge_irma(codes, measure_, true, options_of(analysis, codes.size()), shown_on(bar));
  result.source = fmt::format("{}: {}", prepared_.recipe->title, answers.title);
  if (silent > 0) {
    result.warnings.push_back(
        fmt::format("{} answers are texts that the table of codes does not have: they leave every axis open", silent));
  }
  for (const std::string& warning : result.warnings) bar.warn(fmt::format("{}: warning: {}", answers.key, warning));
  return result;
}

}  // namespace mi2::cli
