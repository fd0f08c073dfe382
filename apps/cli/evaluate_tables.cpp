#include "evaluate_tables.hpp"

#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/table.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report/comparison.hpp"
#include "report/predictions.hpp"
#include "report/render.hpp"
#include "report/retrieval.hpp"
#include "report/scored_rows.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

/// STEM.json and STEM.html in the folder `out`, and a summary on standard output.
template <typename Found>
void write_answer(const std::string& out, std::string_view stem, const Found& found) {
  const std::filesystem::path folder = make_report_folder(out);
  base::AtomicFiles files;
  files.add(folder / fmt::format("{}.json", stem), report::to_json(found));
  files.add(folder / fmt::format("{}.html", stem), report::to_html(found));
  files.commit();
  const auto output = open_output("-");
  output->write(report::to_text(found));
  output->commit();
}

}  // namespace

int evaluate_tables(const TableEvaluation& tables) {
  Progress progress(0, "");
  progress.begin("reading the predictions");
  report::Predictions predictions =
      report::read_predictions(base::Table::read(tables.predictions), tables.absent_score);
  throw_if_interrupted();
  std::optional<base::Table> attributes;
  if (!tables.attributes.empty()) attributes = base::Table::read(tables.attributes);
  const report::Study study =
      report::read_study(std::move(predictions), base::Table::read(tables.labels), std::move(attributes), tables.cases);
  progress.rest();
  report::Analysis analysis = [&] {
    Progress bar(0, "");
    bar.begin("evaluating");
    return report::analyse(study, tables.analysis, shown_on(bar));
  }();
  analysis.source = std::filesystem::path(tables.predictions).filename().string();
  progress.begin("writing the report");
  for (const std::string& warning : analysis.warnings) progress.warn(fmt::format("warning: {}", warning));
  write_report(tables.out, analysis);
  progress.rest();
  const auto output = open_output("-");
  output->write(report::to_text(analysis));
  output->commit();
  return 0;
}

int compare_reports(const TableEvaluation& tables) {
  const auto rows_of = [](const std::string& folder) {
    report::ScoredRows rows = report::read_scored_rows(base::Table::read(std::filesystem::path(folder) / "rows.csv"));
    rows.source = folder;
    return rows;
  };
  Progress progress(0, "");
  progress.begin("reading the reports");
  const report::ScoredRows first = rows_of(tables.compared[0]);
  report::ScoredRows second = rows_of(tables.compared[1]);
  report::ComparisonOptions options;
  options.level = tables.analysis.level;
  options.seed = tables.analysis.seed;
  options.samples = tables.analysis.samples.value_or(report::samples_for(first.ids.size(), 2 * first.labels.size()));
  progress.rest();
  const report::Comparison found = [&] {
    Progress bar(0, "");
    return report::compare(first, std::move(second), options, shown_on(bar));
  }();
  write_answer(tables.out, "comparison", found);
  return 0;
}

int judge_retrieval(const TableEvaluation& tables) {
  if (tables.predictions.empty() || tables.labels.empty()) {
    throw Error(Code::kBadArgument, "--retrieval: expected --predictions and --labels");
  }
  Progress progress(0, "");
  progress.begin("reading the rankings");
  base::Table ranked = base::Table::read(tables.predictions);
  base::Table labels = base::Table::read(tables.labels);
  progress.rest();
  report::RetrievalOptions options;
  options.level = tables.analysis.level;
  options.seed = tables.analysis.seed;
  options.samples = tables.analysis.samples.value_or(options.samples);
  const report::Retrieval found = [&] {
    Progress bar(0, "");
    return report::evaluate_retrieval(std::move(ranked), std::move(labels), options, shown_on(bar));
  }();
  for (const std::string& warning : found.warnings) progress.warn(fmt::format("warning: {}", warning));
  write_answer(tables.out, "retrieval", found);
  return 0;
}

void write_report(const std::string& out, const report::Analysis& analysis) {
  const std::filesystem::path folder = make_report_folder(out);
  base::AtomicFiles files;
  files.add(folder / "figures.csv", report::figures_csv(analysis));
  files.add(folder / "labels.csv", report::labels_csv(analysis));
  files.add(folder / "groups.csv", report::groups_csv(analysis));
  files.add(folder / "points.csv", report::points_csv(analysis));
  files.add(folder / "worst.csv", report::worst_csv(analysis));
  files.add(folder / "tables.tex", report::tables_tex(analysis));
  files.add(folder / "rows.csv", report::to_csv(analysis.scored));
  files.add(folder / "report.json", report::to_json(analysis));
  files.add(folder / "report.html", report::to_html(analysis));
  files.commit();
}

}  // namespace mi2::cli
