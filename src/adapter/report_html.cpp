#include <algorithm>

#include <fmt/format.h>

#include <mi2/version.hpp>

#include "adapter/report.hpp"
#include "base/html.hpp"

namespace mi2::adapter {
namespace {

constexpr std::string_view kStyle = R"(
body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { border-bottom: 1px solid #ddd; padding: 0.25em 0.9em 0.25em 0; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.5em 0; overflow-x: auto; }
p.note { color: #555; }
)";

std::string shown(const evaluation::Figure& figure) {
  return figure.value ? fmt::format("{:.4f}", *figure.value) : "-";
}

std::string interval(const evaluation::Figure& figure) {
  return figure.interval ? fmt::format("{:.4f} to {:.4f}", figure.interval->low, figure.interval->high) : "-";
}

std::string figure_row(std::string_view name, const evaluation::Figure& figure) {
  return fmt::format("<tr><th>{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n", name, shown(figure),
                     interval(figure));
}

std::string summary(const AdapterReport& report) {
  std::string html =
      fmt::format("<table>\n<tr><th></th><th class=\"n\">value</th><th class=\"n\">{:.0f}% interval</th></tr>\n",
                  100 * report.bootstrap.level);
  html += figure_row("accuracy", report.evaluation.accuracy);
  html += figure_row("balanced accuracy", report.evaluation.balanced_accuracy);
  html += figure_row("mean AUC", report.evaluation.mean_auc);
  html += figure_row("Matthews correlation", {report.evaluation.matthews, std::nullopt});
  if (report.zero_shot) {
    html += figure_row("zero-shot accuracy", report.zero_shot->evaluation.accuracy);
    html += figure_row("zero-shot mean AUC", report.zero_shot->evaluation.mean_auc);
    html += figure_row("gain in accuracy over zero-shot", report.zero_shot->gain.accuracy);
    html += figure_row("gain in mean AUC over zero-shot", report.zero_shot->gain.mean_auc);
  }
  return html + "</table>\n";
}

std::string average_row(std::string_view name, const evaluation::ClassFigures& figures) {
  return fmt::format(
      "<tr><th>{}</th><td class=\"n\">{:.4f}</td><td class=\"n\">{:.4f}</td><td class=\"n\">{:.4f}</td></tr>\n", name,
      figures.precision, figures.recall, figures.f1);
}

std::string averages_table(const AdapterReport& report) {
  std::string html =
      "<table>\n<tr><th>over all labels</th><th class=\"n\">precision</th><th class=\"n\">recall</th>"
      "<th class=\"n\">F1</th></tr>\n";
  html += average_row("macro", report.evaluation.averages.macro);
  html += average_row("micro", report.evaluation.averages.micro);
  html += average_row("macro, at thresholds of best F1", report.f1.evaluated.averages.macro);
  html += average_row("micro, at thresholds of best F1", report.f1.evaluated.averages.micro);
  return html + "</table>\n";
}

/// How rows came to be trained on or judged.
std::string split_paragraph(const Splitting& split) {
  if (split.grouped_by.empty()) return "<p class=\"note\">Rows were split one by one.</p>\n";
  return fmt::format(
      "<p class=\"note\">Rows of one {} stayed together: {} of them to train on, {} to choose on, {} in the test "
      "rows.</p>\n",
      base::escape_html(split.grouped_by), split.train.groups, split.held_out.groups, split.test.groups);
}

std::string class_table(const AdapterReport& report) {
  std::string html =
      "<table>\n<tr><th>label</th><th class=\"n\">rows trained on</th><th class=\"n\">rows</th><th "
      "class=\"n\">AUC</th><th class=\"n\">interval</th>"
      "<th class=\"n\">precision</th><th class=\"n\">recall</th><th class=\"n\">F1</th>"
      "<th class=\"n\">threshold of best F1</th><th class=\"n\">F1 there</th></tr>\n";
  for (std::size_t c = 0; c < report.adapter.labels.size(); ++c) {
    const std::optional<double>& threshold = report.f1.thresholds[c];
    const evaluation::ClassEvaluation& found = report.evaluation.classes[c];
    html += fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{}</td><td class=\"n\">{:.3f}</td>"
        "<td class=\"n\">{:.3f}</td><td class=\"n\">{:.3f}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{:.3f}</td></tr>\n",
        base::escape_html(report.adapter.labels[c]), report.train_rows_of_label[c], found.figures.support,
        shown(found.auc), interval(found.auc), found.figures.precision, found.figures.recall, found.figures.f1,
        threshold ? fmt::format("{:.2f}", *threshold) : "-", report.f1.evaluated.classes[c].f1);
  }
  return html + "</table>\n";
}

std::string point_row(std::string_view label, std::string_view rule,
                      const std::optional<evaluation::OperatingPoint>& point,
                      const std::optional<evaluation::OperatingPoint>& applied) {
  if (!point) return {};
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td class=\"n\">{:.4f}</td><td class=\"n\">{:.3f}</td><td class=\"n\">{:.3f}</td>"
      "<td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
      base::escape_html(label), rule, point->threshold, point->sensitivity, point->specificity,
      applied ? fmt::format("{:.3f}", applied->sensitivity) : "-",
      applied ? fmt::format("{:.3f}", applied->specificity) : "-");
}

std::string point_table(const AdapterReport& report) {
  std::string html = fmt::format(
      "<table>\n<tr><th rowspan=\"2\">label</th><th rowspan=\"2\">rule</th><th class=\"n\" rowspan=\"2\">threshold</th>"
      "<th colspan=\"2\">where chosen ({})</th><th colspan=\"2\">where evaluated ({})</th></tr>\n<tr>"
      "<th class=\"n\">sensitivity</th><th class=\"n\">specificity</th><th class=\"n\">sensitivity</th>"
      "<th class=\"n\">specificity</th></tr>\n",
      report.held_out, report.adapter.evaluated_on);
  for (std::size_t c = 0; c < report.adapter.labels.size(); ++c) {
    const Thresholds& points = report.adapter.operating_points[c];
    html += point_row(report.adapter.labels[c], "Youden J", points.youden, report.applied[c].youden);
    html += point_row(report.adapter.labels[c], "sensitivity 0.90", points.sensitive, report.applied[c].sensitive);
  }
  return html + "</table>\n";
}

}  // namespace

std::string to_html(const AdapterReport& report) {
  const evaluation::Evaluation& found = report.evaluation;
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>mi2 adapter report</title>\n"
      "<style>{}</style>\n</head>\n<body>\n<h1>Adapter report</h1>\n",
      kStyle);
  html += fmt::format(
      "<p>A {} adapter on embeddings of {} dimensions, {} labels, trained on {} rows. Evaluated on {} rows ({}). "
      "Temperature and thresholds were chosen on {} rows ({}).</p>\n",
      name_of(report.adapter.kind), report.adapter.in_channels, report.adapter.labels.size(), report.train_rows,
      found.rows, report.adapter.evaluated_on, report.held_out_rows, report.held_out);
  if (report.adapter.evaluated_on != "test") {
    html +=
        "<p class=\"note\">There were no test rows: thresholds were chosen on the rows that they are evaluated on, and "
        "so look a little better than they are.</p>\n";
  }
  html += split_paragraph(report.split);
  for (const std::string& warning : report.warnings) {
    html += fmt::format("<p class=\"note\">Warning: {}.</p>\n", base::escape_html(warning));
  }
  html += summary(report);
  html += fmt::format(
      "<p class=\"note\">Intervals: {} bootstrap samples{}, stratified by label, seed {}; none where fewer than {} {} "
      "are of a label.</p>\n",
      report.bootstrap.samples, report.split.grouped_by.empty() ? "" : " of whole groups", report.bootstrap.seed,
      evaluation::kFewestForInterval, report.split.grouped_by.empty() ? "rows" : "groups");
  html += "<h2>Labels, each against the rest</h2>\n" + class_table(report);
  html += averages_table(report);
  html += "<figure>\n" + roc_svg(report) + "</figure>\n<h2>Confusion</h2>\n<figure>\n" +
          confusion_svg(report.adapter.labels, found.confusion) + "</figure>\n<h2>Operating points</h2>\n" +
          point_table(report) + "<h2>Calibration</h2>\n<figure>\n" + reliability_svg(report) + "</figure>\n";
  if (const auto& from = report.adapter.embeddings) {
    html += fmt::format("<p class=\"note\">Embeddings: weights {}, profile {}, dtype {}, mi2 {}.</p>\n",
                        base::escape_html(from->weights_sha256), base::escape_html(from->profile),
                        base::escape_html(from->dtype), base::escape_html(from->version));
  }
  html += fmt::format("<p class=\"note\">mi2 {}. Not for clinical use.</p>\n</body>\n</html>\n", version());
  return html;
}

}  // namespace mi2::adapter
