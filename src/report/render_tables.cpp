// CSV, LaTeX and lines for a terminal.

#include <fmt/format.h>

#include "base/csv.hpp"
#include "base/numbers.hpp"
#include "report/render.hpp"

namespace mi2::report {
namespace {

/// A number in full, or nothing.
std::string cell(const std::optional<double>& value) {
  std::string text;
  if (value) base::append_number(text, *value);
  return text;
}

std::string figure_cells(const evaluation::Figure& figure) {
  const auto& interval = figure.interval;
  return fmt::format("{},{},{},{}", cell(figure.value), cell(interval ? std::optional(interval->low) : std::nullopt),
                     cell(interval ? std::optional(interval->high) : std::nullopt), base::csv_field(figure.why));
}

std::string tex(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        safe += '\\';
        safe += c;
        break;
      case '[':  // after the end of a row these would belong to it
      case '*':
        safe += fmt::format("{{{}}}", c);
        break;
      case '\\':
        safe += "\\textbackslash{}";
        break;
      case '~':
        safe += "\\textasciitilde{}";
        break;
      case '^':
        safe += "\\textasciicircum{}";
        break;
      case '<':
        safe += "\\textless{}";
        break;
      case '>':
        safe += "\\textgreater{}";
        break;
      default:
        safe += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
  }
  return safe;
}

std::string tex_start(std::string_view columns, std::string_view header) {
  return fmt::format("\\begin{{tabular}}{{{}}}\n\\hline\n{} \\\\\n\\hline\n", columns, header);
}

constexpr const char* kTexEnd = "\\hline\n\\end{tabular}\n\n";

}  // namespace

std::string figures_csv(const Analysis& analysis) {
  std::string text = "key,name,value,low,high,why,method\n";
  for (const NamedFigure& named : analysis.figures) {
    text += fmt::format("{},{},{},{}\n", named.key, base::csv_field(named.name), figure_cells(named.figure),
                        base::csv_field(named.method));
  }
  return text;
}

std::string labels_csv(const Analysis& analysis) {
  std::string text =
      "label,positives,negatives,auc,auc_low,auc_high,auc_why,average_precision,average_precision_low,"
      "average_precision_high,average_precision_why,recall,recall_low,recall_high,recall_why,precision,precision_low,"
      "precision_high,precision_why\n";
  for (const LabelResult& label : analysis.label_results) {
    text += fmt::format("{},{},{},{},{},{},{}\n", base::csv_field(label.label), label.positives, label.negatives,
                        figure_cells(label.auc.figure), figure_cells(label.average_precision.figure),
                        figure_cells(label.recall), figure_cells(label.precision));
  }
  return text;
}

std::string groups_csv(const Analysis& analysis) {
  std::string text =
      "attribute,group,rows,patients,positives,defined_labels,metric,value,low,high,why,difference,difference_low,"
      "difference_high,difference_why,p,p_holm\n";
  for (const AttributeResult& attribute : analysis.attributes) {
    for (const GroupResult& group : attribute.groups) {
      text +=
          fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", base::csv_field(attribute.name),
                      base::csv_field(group.name), group.rows, group.patients ? std::to_string(*group.patients) : "",
                      group.positives ? std::to_string(*group.positives) : "", group.defined_labels,
                      base::csv_field(attribute.metric), figure_cells(group.metric), figure_cells(group.difference),
                      cell(group.p), cell(group.p_holm));
    }
  }
  return text;
}

std::string points_csv(const Analysis& analysis) {
  std::string text =
      "label,rule,threshold,rows,true_positives,false_positives,true_negatives,false_negatives,sensitivity,"
      "specificity\n";
  for (const LabelResult& label : analysis.label_results) {
    for (const AppliedPoint& point : label.points) {
      if (!point.threshold) continue;
      const auto row = [&](const char* rows, const evaluation::BinaryCounts& counts) {
        text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", base::csv_field(label.label),
                            base::csv_field(point.rule), cell(point.threshold), rows, counts.true_positives,
                            counts.false_positives, counts.true_negatives, counts.false_negatives,
                            cell(counts.sensitivity().value()), cell(counts.specificity().value()));
      };
      row("chosen", point.chosen);
      row("evaluated", point.applied);
    }
  }
  return text;
}

std::string worst_csv(const Analysis& analysis) {
  std::string text = "id,truth,answer,off\n";
  for (const WorstRow& row : analysis.worst) {
    text += fmt::format("{},{},{},{}\n", base::csv_field(row.id), base::csv_field(row.truth),
                        base::csv_field(row.answer), cell(row.off));
  }
  return text;
}

std::string tables_tex(const Analysis& analysis) {
  std::string text = fmt::format("% mi2 evaluate: {} rows. Research use only.\n", analysis.rows);
  text += tex_start("ll", "figure & value (interval)");
  for (const NamedFigure& named : analysis.figures) {
    text += fmt::format("{} & {} \\\\\n", tex(named.name), evaluation::to_text(named.figure));
  }
  text += kTexEnd;
  if (!analysis.label_results.empty()) {
    text += tex_start("lrll", "label & n positive & AUC & average precision");
    for (const LabelResult& label : analysis.label_results) {
      text += fmt::format("{} & {} & {} & {} \\\\\n", tex(label.label), label.positives,
                          evaluation::to_text(label.auc.figure), evaluation::to_text(label.average_precision.figure));
    }
    text += kTexEnd;
  }
  for (const AttributeResult& attribute : analysis.attributes) {
    text += tex_start("lrlll",
                      fmt::format("{} & n & {} & difference & p (Holm)", tex(attribute.name), tex(attribute.metric)));
    for (const GroupResult& group : attribute.groups) {
      text +=
          fmt::format("{} & {} & {} & {} & {} \\\\\n", tex(group.name), group.rows,
                      group.too_few ? "too few" : evaluation::to_text(group.metric),
                      evaluation::to_text(group.difference), group.p_holm ? fmt::format("{:.3g}", *group.p_holm) : "-");
    }
    text += kTexEnd;
  }
  return text;
}

std::string to_text(const Analysis& analysis) {
  std::string text = fmt::format("{} rows", analysis.rows);
  if (analysis.task != Task::kAges) {
    text += fmt::format(", {} label{}", analysis.labels.size(), analysis.labels.size() == 1 ? "" : "s");
  }
  text += fmt::format(", {:.0f}% intervals\n", 100 * analysis.options.level);
  for (const NamedFigure& named : analysis.figures) {
    text += fmt::format("  {}: {}\n", named.name, evaluation::to_text(named.figure));
  }
  return text;
}

}  // namespace mi2::report
