#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/html.hpp"
#include "evaluation/confusion_plot.hpp"
#include "report/checklist.hpp"
#include "report/figures.hpp"
#include "report/page.hpp"
#include "report/render.hpp"

namespace mi2::report {
namespace {

constexpr std::size_t kMostConfusedLabels = 40;

std::string shown(const std::optional<double>& value, int digits = 3) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

std::string shown_interval(const std::optional<evaluation::Interval>& interval, int digits = 3) {
  return interval ? fmt::format("{:.{}f} to {:.{}f}", interval->low, digits, interval->high, digits) : "-";
}

/// "0.812 (0.790 to 0.833)"
std::string shown_figure(const evaluation::Figure& figure) {
  if (!figure.value) return "-";
  return figure.interval ? fmt::format("{} ({})", shown(figure.value), shown_interval(figure.interval))
                         : shown(figure.value);
}

std::string number_cell(std::string_view text) { return fmt::format("<td class=\"n\">{}</td>", text); }
std::string text_cell(std::string_view text) { return fmt::format("<td>{}</td>", base::escape_html(text)); }

std::string header_row(std::initializer_list<const char*> names) {
  std::string html = "<tr>";
  for (const char* name : names) html += fmt::format("<th>{}</th>", name);
  return html + "</tr>\n";
}

std::string headline(const Analysis& analysis) {
  const NamedFigure& first = analysis.figures.front();
  std::string html =
      fmt::format("<p class=\"headline\">{}</p>\n<p>{}", shown_figure(first.figure), base::escape_html(first.name));
  if (first.figure.interval) {
    html += fmt::format(": with other rows of the same kind, {:.0f}% of such intervals hold the true value ({})",
                        100 * analysis.options.level, base::escape_html(first.method));
  } else if (!first.figure.why.empty()) {
    html += fmt::format(": {}", base::escape_html(first.figure.why));
  }
  html += fmt::format(".</p>\n<p>{} rows", analysis.rows);
  if (analysis.patients) html += fmt::format(" of {} patients", *analysis.patients);
  if (analysis.task != Task::kAges) {
    html += fmt::format(", {} label{}", analysis.labels.size(), analysis.labels.size() == 1 ? "" : "s");
  }
  return html + fmt::format("; figures are of: {}.</p>\n", base::escape_html(analysis.scores));
}

std::string warnings_list(const Analysis& analysis) {
  if (analysis.warnings.empty()) return {};
  std::string html = "<h2>Before you believe this</h2>\n<ul class=\"warnings\">\n";
  for (const std::string& warning : analysis.warnings) {
    html += fmt::format("<li>{}</li>\n", base::escape_html(warning));
  }
  return html + "</ul>\n";
}

std::string figures_table(const Analysis& analysis) {
  std::string rows = header_row({"figure", "value", "interval", "how"});
  for (const NamedFigure& named : analysis.figures) {
    rows += "<tr>" + text_cell(named.name) + number_cell(shown(named.figure.value, 4)) +
            number_cell(shown_interval(named.figure.interval, 4)) +
            text_cell(named.figure.why.empty() ? named.method : named.figure.why) + "</tr>\n";
  }
  return scrolling_table(rows);
}

std::string labels_table(const Analysis& analysis) {
  const bool answers = analysis.task == Task::kOne;
  std::string rows =
      answers ? header_row({"label", "rows", "AUC", "average precision", "recall", "precision", "calibration slope",
                            "intercept", "remarks"})
              : header_row({"label", "rows", "AUC", "average precision", "calibration slope", "intercept", "remarks"});
  for (const LabelResult& label : analysis.label_results) {
    rows += "<tr>" + text_cell(label.label) + number_cell(std::to_string(label.positives)) +
            number_cell(shown_figure(label.auc.figure)) + number_cell(shown_figure(label.average_precision.figure));
    if (answers) rows += number_cell(shown_figure(label.recall)) + number_cell(shown_figure(label.precision));
    rows += number_cell(shown(label.line.slope, 2)) + number_cell(shown(label.line.intercept, 2)) +
            text_cell(label.auc.figure.why) + "</tr>\n";
  }
  return scrolling_table(rows);
}

std::string points_table(const Analysis& analysis) {
  std::string rows = header_row({"label", "rule", "threshold", "sensitivity where chosen", "specificity where chosen",
                                 "sensitivity", "specificity", "PPV", "NPV"});
  const double level = analysis.options.level;
  const auto share = [&](const evaluation::Proportion& proportion) {
    return number_cell(shown_figure(evaluation::figure_of(proportion, level, "")));
  };
  for (const LabelResult& label : analysis.label_results) {
    for (const AppliedPoint& point : label.points) {
      rows += "<tr>" + text_cell(label.label) + text_cell(point.rule);
      if (!point.threshold) {
        rows += "<td colspan=\"7\">no threshold does this</td></tr>\n";
        continue;
      }
      rows += number_cell(fmt::format("{:.4g}", *point.threshold)) + share(point.chosen.sensitivity()) +
              share(point.chosen.specificity()) + share(point.applied.sensitivity()) +
              share(point.applied.specificity()) + share(point.applied.precision()) +
              share(point.applied.negative_precision()) + "</tr>\n";
    }
  }
  return scrolling_table(rows);
}

std::string prevalence_table(const Analysis& analysis) {
  if (!analysis.options.prevalence) return {};
  std::string rows = header_row({"label", "rule", "PPV", "NPV"});
  for (const LabelResult& label : analysis.label_results) {
    for (const AppliedPoint& point : label.points) {
      const auto sensitivity = point.applied.sensitivity().value();
      const auto specificity = point.applied.specificity().value();
      if (!point.threshold || !sensitivity || !specificity) continue;
      const auto values = evaluation::predictive_values(*sensitivity, *specificity, *analysis.options.prevalence);
      rows += "<tr>" + text_cell(label.label) + text_cell(point.rule) + number_cell(shown(values.positive)) +
              number_cell(shown(values.negative)) + "</tr>\n";
    }
  }
  return fmt::format("<h2>If {:g}% of people had the finding</h2>\n", 100 * *analysis.options.prevalence) +
         scrolling_table(rows);
}

std::string group_row(const GroupResult& group) {
  std::string html = "<tr>" + text_cell(group.name) + number_cell(std::to_string(group.rows)) +
                     number_cell(group.positives ? std::to_string(*group.positives) : "-");
  if (group.too_few) return html + fmt::format("<td colspan=\"8\">{}</td></tr>\n", group.metric.why);
  html += number_cell(shown_figure(group.metric)) + number_cell(shown_figure(group.difference)) +
          number_cell(shown(group.p)) + number_cell(shown(group.p_holm)) +
          number_cell(shown_figure(group.sensitivity)) + number_cell(shown_figure(group.specificity)) +
          number_cell(shown_figure(group.underdiagnosis)) + number_cell(shown(group.calibration_error));
  return html + "</tr>\n";
}

std::string groups_section(const Analysis& analysis) {
  if (analysis.attributes.empty()) {
    return "<h2>Groups</h2>\n<p class=\"note\">The tables name no sex, age or other attribute.</p>\n";
  }
  std::string html = "<h2>Groups</h2>\n" + plot_figure(forest_svg(analysis));
  for (const AttributeResult& attribute : analysis.attributes) {
    std::string rows = header_row({"group", "n", "n positive", attribute.metric.c_str(), "difference", "p", "p (Holm)",
                                   "sensitivity", "specificity", "underdiagnosis", "ECE"});
    for (const GroupResult& group : attribute.groups) rows += group_row(group);
    html += fmt::format("<h3>{}</h3>\n", base::escape_html(attribute.name)) + scrolling_table(rows);
    html += fmt::format(
        "<p class=\"note\">Compared with: {}. Worst: {}. Largest minus smallest: {}.{}</p>\n",
        base::escape_html(attribute.reference.empty() ? "-" : attribute.reference),
        base::escape_html(attribute.worst.empty() ? "-" : attribute.worst), shown_figure(attribute.gap),
        attribute.equalised_odds ? fmt::format(" Equalised odds difference: {:.3f}.", *attribute.equalised_odds) : "");
  }
  return html +
         "<p class=\"note\">p: two-sided, by bootstrap, of no difference to the group compared with; Holm: over "
         "the groups of one attribute. Sensitivity and specificity: at the threshold of largest sensitivity + "
         "specificity of the positive label. Underdiagnosis: the share of people with a finding who are taken "
         "for well.</p>\n";
}

std::string cohort_section(const Analysis& analysis) {
  const Cohort& cohort = analysis.cohort;
  std::string rows =
      "<tr><th>rows</th><th>n</th><th>patients</th><th>age, mean (SD)</th><th>median [quartiles]</th>"
      "<th>range</th>";
  for (const CohortGroup& group : cohort.groups) {
    rows += fmt::format("<th>{} {}</th>", base::escape_html(group.attribute), base::escape_html(group.name));
  }
  rows += "</tr>\n";
  for (const CohortRow& row : cohort.rows) {
    rows += "<tr>" + text_cell(row.name) + number_cell(std::to_string(row.rows)) +
            number_cell(row.patients ? std::to_string(*row.patients) : "-");
    if (const auto& ages = row.ages) {
      rows +=
          number_cell(fmt::format("{:.1f} ({:.1f})", ages->mean, ages->deviation)) +
          number_cell(fmt::format("{:g} [{:g} to {:g}]", ages->median, ages->lower_quartile, ages->upper_quartile)) +
          number_cell(fmt::format("{:g} to {:g}", ages->least, ages->most));
    } else {
      rows += number_cell("-") + number_cell("-") + number_cell("-");
    }
    for (const std::size_t count : row.counts) {
      rows +=
          number_cell(row.rows == 0 ? std::string("0")
                                    : fmt::format("{} ({:.1f}%)", count,
                                                  100.0 * static_cast<double>(count) / static_cast<double>(row.rows)));
    }
    rows += "</tr>\n";
  }
  return "<h2>Cohort</h2>\n" + scrolling_table(rows);
}

std::string ages_section(const Analysis& analysis) {
  std::string rows =
      header_row({"way", "MAE", "RMSE", "bias", "limits of agreement", "ICC(2,1)", "within 12", "within 24"});
  std::string plots;
  for (const AgeResult& ages : analysis.ages) {
    rows += "<tr>" + text_cell(ages.way) + number_cell(shown(ages.errors.mean_absolute)) +
            number_cell(shown(ages.errors.root_mean_square)) + number_cell(shown(ages.errors.bias)) +
            number_cell(shown_interval(ages.errors.limits, 2)) + number_cell(shown(ages.errors.intraclass)) +
            number_cell(shown_figure(ages.within_12)) + number_cell(shown_figure(ages.within_24)) + "</tr>\n";
    plots += plot_figure(bland_altman_svg(analysis, ages));
  }
  return "<h2>Ages, in the unit of the labels</h2>\n" + scrolling_table(rows) + plots;
}

std::string labels_section(const Analysis& analysis) {
  std::string html = "<h2>Labels, each against the rest</h2>\n" + labels_table(analysis) + "<div class=\"plots\">\n" +
                     plot_figure(roc_svg(analysis)) + plot_figure(precision_recall_svg(analysis)) +
                     plot_figure(calibration_svg(analysis)) + "</div>\n";
  if (analysis.confusion) {
    html += "<h2>Confusion</h2>\n";
    html += analysis.labels.size() <= kMostConfusedLabels
                ? plot_figure(evaluation::confusion_plot(analysis.labels, *analysis.confusion))
                : fmt::format("<p class=\"note\">Of {} labels: in report.json.</p>\n", analysis.labels.size());
  }
  html += "<h2>Operating points</h2>\n" + points_table(analysis) + prevalence_table(analysis);
  const std::string decision = decision_svg(analysis);
  if (!decision.empty()) html += "<h2>Decision curve</h2>\n" + plot_figure(decision);
  return html;
}

std::string image_cell(const WorstRow& row) {
  if (row.thumbnail.empty()) return text_cell("");
  return fmt::format("<td><img alt=\"{}\" src=\"data:image/webp;base64,{}\"></td>", base::escape_html(row.id),
                     base::base64_encode(std::as_bytes(std::span(row.thumbnail))));
}

std::string worst_section(const Analysis& analysis) {
  if (analysis.worst.empty()) return {};
  const char* off = analysis.task == Task::kAges  ? "error"
                    : analysis.task == Task::kOne ? "score of the answer"
                                                  : "score above that of the label";
  const bool shown = std::ranges::any_of(analysis.worst, [](const WorstRow& row) { return !row.thumbnail.empty(); });
  std::string rows =
      shown ? header_row({"image", "id", "label", "answer", off}) : header_row({"id", "label", "answer", off});
  for (const WorstRow& row : analysis.worst) {
    rows += "<tr>" + (shown ? image_cell(row) : "") + text_cell(row.id) + text_cell(row.truth) + text_cell(row.answer) +
            number_cell(fmt::format("{:.4g}", row.off)) + "</tr>\n";
  }
  return "<h2>Worst errors</h2>\n" + scrolling_table(rows);
}

std::string checklist_section(const Analysis& analysis) {
  std::string rows;
  for (const ChecklistItem& item : checklist(analysis)) {
    rows += "<tr><th>" + base::escape_html(item.asks) + "</th>" +
            (item.answer.empty() ? std::string("<td class=\"blank\">to be filled by the authors</td>")
                                 : text_cell(item.answer)) +
            "</tr>\n";
  }
  return "<h2>What TRIPOD+AI, CLAIM and STARD-AI ask for</h2>\n" + scrolling_table(rows);
}

}  // namespace

std::string to_html(const Analysis& analysis) {
  std::string body =
      headline(analysis) + warnings_list(analysis) + "<h2>Figures of all rows</h2>\n" + figures_table(analysis);
  body += analysis.task == Task::kAges ? ages_section(analysis) : labels_section(analysis);
  body += cohort_section(analysis) + groups_section(analysis) + worst_section(analysis) + checklist_section(analysis);
  return page("Evaluation report", body);
}

}  // namespace mi2::report
