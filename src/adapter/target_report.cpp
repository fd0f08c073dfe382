#include "adapter/target_report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/version.hpp>

#include "adapter/figure_json.hpp"
#include "adapter/operating_point_json.hpp"
#include "adapter/split_report.hpp"
#include "base/html.hpp"
#include "base/utf8.hpp"
#include "evaluation/square_plot.hpp"

namespace mi2::adapter {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::vector<std::string> target_warnings(const TrainedAdapter& trained) {
  std::vector<std::string> warnings;
  const std::vector<std::string>& labels = trained.adapter.labels();
  const std::vector<std::size_t>& rows = trained.rows_of_label;
  const auto is_few = [](std::size_t count) { return count < kFewRows; };
  if (const auto few = std::ranges::count_if(rows, is_few); few > 0) {
    const auto least = std::ranges::min_element(rows) - rows.begin();
    warnings.push_back(fmt::format(
        "{} of {} {} are in fewer than {} rows that were trained on ('{}': {}); such "
        "figures and scores say little",
        few, rows.size(), trained.adapter.description().target == Target::kFindings ? "findings" : "labels", kFewRows,
        base::printable(labels[static_cast<std::size_t>(least)]), rows[static_cast<std::size_t>(least)]));
  }
  const std::size_t events = trained.groups_of_label.size() > 1 ? trained.groups_of_label[1].with : 0;
  if (trained.adapter.description().target == Target::kSurvival && events < kFewRows) {
    warnings.push_back(
        fmt::format("{} events to be trained on; of fewer than {} such figures say little", events, kFewRows));
  }
  const std::vector<std::string> of_split = warnings_of_split(trained);
  warnings.insert(warnings.end(), of_split.begin(), of_split.end());
  const auto& training = trained.adapter.description().training;
  if (const auto converged = training.find("converged"); converged != training.end() && converged->second == 0) {
    warnings.emplace_back("the fit stopped before it had converged; a smaller --c or --standardize may help");
  }
  return warnings;
}

OrderedJson findings_json(const TargetReport& report) {
  OrderedJson list = OrderedJson::array();
  for (std::size_t c = 0; c < report.adapter.labels.size(); ++c) {
    const evaluation::FindingEvaluation& found = report.figures.findings->labels[c];
    OrderedJson row{{"label", report.adapter.labels[c]}, {"positives", found.positives}};
    row["negatives"] = found.negatives;
    row["train_rows"] = report.train_rows_of_label[c];
    row["auc"] = figure_json(found.auc);
    row["average_precision"] = nullptr;
    if (found.average_precision) row["average_precision"] = *found.average_precision;
    row.update(class_json(found.figures));
    row["youden"] = point_json(report.adapter.operating_points[c].youden);
    row["sensitivity_90"] = point_json(report.adapter.operating_points[c].sensitive);
    list.push_back(std::move(row));
  }
  return list;
}

std::string heading(const TargetReport& report) {
  if (report.adapter.target == Target::kOrdinal) {
    return fmt::format("{} labels from '{}' to '{}'", report.adapter.labels.size(),
                       base::printable(report.adapter.labels.front()), base::printable(report.adapter.labels.back()));
  }
  return report.figures.findings ? fmt::format("{} findings", report.adapter.labels.size())
                                 : fmt::format("'{}'", base::printable(report.adapter.labels.front()));
}

std::string cell(const std::optional<double>& value) { return value ? fmt::format("{:.4f}", *value) : "-"; }

std::string html_row(std::string_view name, const evaluation::Figure& figure) {
  const auto& interval = figure.interval;
  return fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td></tr>\n", base::escape_html(name), cell(figure.value),
                     interval ? fmt::format("{:.4f} to {:.4f}", interval->low, interval->high) : "-");
}

std::string html_findings(const TargetReport& report) {
  std::string html =
      "<table>\n<tr><th>finding</th><th>rows trained on</th><th>with</th><th>without</th><th>AUC</th><th>interval</th>"
      "<th>average precision</th><th>precision</th><th>recall</th><th>F1</th></tr>\n";
  for (std::size_t c = 0; c < report.adapter.labels.size(); ++c) {
    const evaluation::FindingEvaluation& found = report.figures.findings->labels[c];
    const auto& interval = found.auc.interval;
    html += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.4f}</td>"
        "<td>{:.4f}</td><td>{:.4f}</td></tr>\n",
        base::escape_html(report.adapter.labels[c]), report.train_rows_of_label[c], found.positives, found.negatives,
        cell(found.auc.value), interval ? fmt::format("{:.4f} to {:.4f}", interval->low, interval->high) : "-",
        cell(found.average_precision), found.figures.precision, found.figures.recall, found.figures.f1);
  }
  return html + "</table>\n";
}

}  // namespace

TargetReport make_target_report(const TrainedAdapter& trained, const evaluation::BootstrapOptions& bootstrap) {
  const AdapterDescription& adapter = trained.adapter.description();
  const std::optional<double> typical = adapter.target == Target::kNumber || adapter.target == Target::kOrdinal
                                            ? std::optional(trained.typical)
                                            : std::nullopt;
  return {adapter,
          trained.trained_rows,
          trained.rows_of_label,
          trained.split,
          trained.held_out.rows,
          trained.evaluation.logits.rows(),
          bootstrap,
          target_figures(adapter, trained.evaluation, typical, bootstrap),
          target_warnings(trained)};
}

std::string to_json(const TargetReport& report) {
  OrderedJson json{{"version", version()}, {"kind", name_of(report.adapter.kind)}};
  json["target"] = name_of(report.adapter.target);
  json["labels"] = report.adapter.labels;
  json["train_rows"] = report.train_rows;
  json["evaluated_on"] = report.adapter.evaluated_on;
  json["rows"] = report.rows;
  json["chosen_on"] = report.held_out;
  json["split"] = split_json(report.split, report.adapter.labels);
  json["bootstrap"] = {
      {"samples", report.bootstrap.samples}, {"level", report.bootstrap.level}, {"seed", report.bootstrap.seed}};
  for (const TargetFigure& figure : report.figures.figures) json[figure.key] = figure_json(figure.figure);
  if (report.figures.findings) json["findings"] = findings_json(report);
  json["warnings"] = report.warnings;
  json["training"] = OrderedJson::object();
  for (const auto& [name, value] : report.adapter.training) json["training"][name] = value;
  return json.dump(1) + '\n';
}

std::string to_text(const TargetReport& report) {
  std::string text =
      fmt::format("{} adapter, target {}: {}, {} dimensions, trained on {} rows\n", name_of(report.adapter.kind),
                  name_of(report.adapter.target), heading(report), report.adapter.in_channels, report.train_rows);
  text += fmt::format("evaluated on {} rows ({})\n", report.rows, report.adapter.evaluated_on);
  text += split_text(report.split, report.held_out, report.figures.findings ? "thresholds" : "judged");
  for (const TargetFigure& figure : report.figures.figures) {
    text += fmt::format("  {:<20} {}\n", figure.name, evaluation::to_text(figure.figure));
  }
  if (!report.figures.findings) return text;
  text += "  finding: rows trained on; with and without it; AUC:\n";
  for (std::size_t c = 0; c < report.adapter.labels.size(); ++c) {
    const evaluation::FindingEvaluation& found = report.figures.findings->labels[c];
    text +=
        fmt::format("    {:<16} {}; {}, {}; {}\n", evaluation::shortened(base::printable(report.adapter.labels[c])),
                    report.train_rows_of_label[c], found.positives, found.negatives, evaluation::to_text(found.auc));
  }
  return text;
}

std::string to_html(const TargetReport& report) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>mi2 adapter report</title>\n"
      "<style>body {{ font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }} table {{ "
      "border-collapse: collapse; }} th, td {{ border-bottom: 1px solid #ddd; padding: 0.25em 0.9em 0.25em 0; "
      "text-align: left; }}</style>\n</head>\n<body>\n<h1>Adapter report</h1>\n"
      "<p>A {} adapter of target {} on embeddings of {} dimensions, {}, trained on {} rows. Evaluated on {} rows "
      "({}).</p>\n",
      name_of(report.adapter.kind), name_of(report.adapter.target), report.adapter.in_channels,
      base::escape_html(heading(report)), report.train_rows, report.rows, report.adapter.evaluated_on);
  html += fmt::format("<p>{}.</p>\n",
                      report.split.grouped_by.empty()
                          ? std::string("Rows were split one by one")
                          : fmt::format("Rows of one {} stayed together", base::escape_html(report.split.grouped_by)));
  for (const std::string& warning : report.warnings) {
    html += fmt::format("<p>Warning: {}.</p>\n", base::escape_html(warning));
  }
  html +=
      fmt::format("<table>\n<tr><th></th><th>value</th><th>{:.0f}% interval</th></tr>\n", 100 * report.bootstrap.level);
  for (const TargetFigure& figure : report.figures.figures) html += html_row(figure.name, figure.figure);
  html += "</table>\n";
  if (report.figures.findings) html += html_findings(report);
  html += fmt::format(
      "<p>Intervals: {} bootstrap samples{}, seed {}.</p>\n<p>mi2 {}. Not for clinical use.</p>\n"
      "</body>\n</html>\n",
      report.bootstrap.samples, report.split.grouped_by.empty() ? "" : " of whole groups", report.bootstrap.seed,
      version());
  return html;
}

}  // namespace mi2::adapter
