#include "report/figures.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "evaluation/line_plot.hpp"
#include "evaluation/square_plot.hpp"

namespace mi2::report {
namespace {

using Points = std::vector<std::pair<double, double>>;

constexpr std::size_t kMostDots = 5000;

std::string entry_of(const std::string& label, const evaluation::Figure& figure) {
  return figure.value ? fmt::format("{} {:.3f}", evaluation::shortened(label), *figure.value)
                      : fmt::format("{} -", evaluation::shortened(label));
}

/// A number axis from left to right.
struct Axis {
  double low = 0;
  double high = 1;
  double left = 0;
  double width = 1;

  [[nodiscard]] double at(double value) const {
    return left + (std::clamp(value, low, high) - low) / (high - low) * width;
  }
};

/// One row of a forest plot.
struct ForestRow {
  std::string name;
  std::string text;
  const evaluation::Figure* figure = nullptr;  ///< nullptr: a heading
};

std::vector<ForestRow> forest_rows(const Analysis& analysis) {
  std::vector<ForestRow> rows{{"all rows", fmt::format("n {}", analysis.rows), &analysis.figures.front().figure}};
  for (const AttributeResult& attribute : analysis.attributes) {
    rows.push_back({attribute.name, "", nullptr});
    for (const GroupResult& group : attribute.groups) {
      rows.push_back({group.name, fmt::format("n {}", group.rows), &group.metric});
    }
  }
  return rows;
}

Axis forest_axis(const std::vector<ForestRow>& rows, double left, double width) {
  Axis axis{1e300, -1e300, left, width};
  const auto take = [&](double value) {
    axis.low = std::min(axis.low, value);
    axis.high = std::max(axis.high, value);
  };
  for (const ForestRow& row : rows) {
    if (row.figure == nullptr || !row.figure->value) continue;
    take(*row.figure->value);
    if (!row.figure->interval) continue;
    take(row.figure->interval->low);
    take(row.figure->interval->high);
  }
  if (axis.low > axis.high) return {0, 1, left, width};
  const double margin = std::max((axis.high - axis.low) * 0.08, 1e-3);
  axis.low -= margin;
  axis.high += margin;
  return axis;
}

std::string forest_mark(const Axis& axis, double y, const ForestRow& row) {
  if (!row.figure->value) {
    return evaluation::svg_text(axis.left + 4, y + 4, "start", row.figure->why.substr(0, row.figure->why.find(':')),
                                "fill=\"#777\"");
  }
  std::string svg;
  std::string text = fmt::format("{:.3f}", *row.figure->value);
  if (const auto& interval = row.figure->interval) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#1f4e9c\" stroke-width=\"2\"/>\n",
                       axis.at(interval->low), y, axis.at(interval->high));
    text += fmt::format(" ({:.3f} to {:.3f})", interval->low, interval->high);
  }
  svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"8\" height=\"8\" fill=\"#1f4e9c\"/>\n",
                     axis.at(*row.figure->value) - 4, y - 4);
  return svg + evaluation::svg_text(axis.left + axis.width + 12, y + 4, "start", text);
}

}  // namespace

std::string roc_svg(const Analysis& analysis) {
  evaluation::SquarePlot plot("ROC, each label against the rest", "1 - specificity", "sensitivity", true);
  for (std::size_t c = 0; c < analysis.label_results.size(); ++c) {
    const LabelResult& label = analysis.label_results[c];
    Points points;
    for (const evaluation::RocPoint& point : label.curve) {
      points.emplace_back(point.false_positive_rate, point.true_positive_rate);
    }
    plot.add_line(points, c);
    plot.add_entry(entry_of(label.label, label.auc.figure), c);
  }
  return plot.svg();
}

std::string precision_recall_svg(const Analysis& analysis) {
  evaluation::SquarePlot plot("Precision and recall, each label against the rest", "recall", "precision", false);
  for (std::size_t c = 0; c < analysis.label_results.size(); ++c) {
    const LabelResult& label = analysis.label_results[c];
    Points points;
    for (const evaluation::PrecisionRecall& point : label.precision_recall) {
      points.emplace_back(point.recall, point.precision);
    }
    plot.add_line(points, c);
    plot.add_entry(entry_of(label.label, label.average_precision.figure), c);
  }
  return plot.svg();
}

std::string calibration_svg(const Analysis& analysis) {
  if (!analysis.reliability) return {};
  evaluation::SquarePlot plot("Calibration of the likeliest label", "confidence", "share that is right", true);
  Points points;
  for (const evaluation::ReliabilityBin& bin : analysis.reliability->bins) {
    if (bin.count == 0) continue;
    plot.add_bar(bin.low, bin.high, static_cast<double>(bin.count) / static_cast<double>(analysis.rows));
    points.emplace_back(bin.confidence, bin.accuracy);
  }
  plot.add_dots(points, 0);
  plot.add_entry(fmt::format("error {:.3f}", analysis.reliability->expected_error), 0);
  plot.add_entry("bars: share of rows", 0);
  return plot.svg();
}

std::string forest_svg(const Analysis& analysis) {
  const std::vector<ForestRow> rows = forest_rows(analysis);
  constexpr double kRow = 22;
  constexpr double kTop = 44;
  const Axis axis = forest_axis(rows, 270, 300);
  const double bottom = kTop + kRow * static_cast<double>(rows.size());
  std::string svg = evaluation::svg_start(axis.left + axis.width + 190, bottom + 30,
                                          fmt::format("{} by group", analysis.figures.front().name));
  for (const double tick : evaluation::ticks(axis.low, axis.high)) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"#ddd\"/>\n", axis.at(tick), kTop - 8, bottom);
    svg += evaluation::svg_text(axis.at(tick), bottom + 16, "middle", fmt::format("{:.6g}", tick));
  }
  if (const auto& all = rows.front().figure->value) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>\n", axis.at(*all),
                       kTop - 8, bottom);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double y = kTop + kRow * (static_cast<double>(i) + 0.3);
    if (rows[i].figure == nullptr) {
      svg += evaluation::svg_text(12, y + 4, "start", rows[i].name, "font-weight=\"bold\"");
      continue;
    }
    svg += evaluation::svg_text(i == 0 ? 12 : 24, y + 4, "start", evaluation::shortened(rows[i].name));
    svg += evaluation::svg_text(axis.left - 12, y + 4, "end", rows[i].text, "fill=\"#555\"");
    svg += forest_mark(axis, y, rows[i]);
  }
  return svg + "</svg>\n";
}

std::string decision_svg(const Analysis& analysis) {
  constexpr std::size_t kMostLabels = 6;
  evaluation::LinePlot plot{"Net benefit",
                            "per row, of acting on a probability of at least the threshold; never acting is 0",
                            "threshold probability",
                            {{"net benefit", {}, true}}};
  for (const LabelResult& label : analysis.label_results) {
    if (label.decision.empty() || plot.panels.front().lines.size() >= kMostLabels) continue;
    evaluation::Line line;
    line.name = evaluation::shortened(label.label);
    for (const evaluation::NetBenefit& point : label.decision) {
      // Beyond some loss nobody looks, and the rest would be pressed flat.
      if (point.model > -0.05) line.points.emplace_back(point.threshold, point.model);
    }
    plot.panels.front().lines.push_back(std::move(line));
  }
  return plot.panels.front().lines.empty() ? std::string() : evaluation::to_svg(plot);
}

std::string bland_altman_svg(const Analysis& analysis, const AgeResult& ages) {
  constexpr double kLeft = 64;
  constexpr double kTop = 40;
  constexpr double kWidth = 520;
  constexpr double kHeight = 300;
  const std::size_t rows = analysis.true_ages.size();
  Axis across{1e300, -1e300, kLeft, kWidth};
  double reach =
      ages.errors.limits ? std::max(std::abs(ages.errors.limits->low), std::abs(ages.errors.limits->high)) : 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const double mean = (ages.guesses[r] + analysis.true_ages[r]) / 2;
    across.low = std::min(across.low, mean);
    across.high = std::max(across.high, mean);
    reach = std::max(reach, std::abs(ages.guesses[r] - analysis.true_ages[r]));
  }
  if (!(across.low < across.high)) across.high = across.low + 1;
  if (!(reach > 0)) reach = 1;
  const Axis up{-reach, reach, 0, kHeight};
  const auto y_of = [&](double error) { return kTop + kHeight - up.at(error); };
  std::string svg = evaluation::svg_start(kLeft + kWidth + 150, kTop + kHeight + 50,
                                          fmt::format("Errors, {}: guess - truth", ages.way));
  for (const double tick : evaluation::ticks(across.low, across.high)) {
    svg += evaluation::svg_text(across.at(tick), kTop + kHeight + 18, "middle", fmt::format("{:.6g}", tick));
  }
  for (const double tick : evaluation::ticks(-reach, reach)) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}h{:.1f}\" stroke=\"#e4e4e4\"/>\n", kLeft, y_of(tick), kWidth);
    svg += evaluation::svg_text(kLeft - 6, y_of(tick) + 4, "end", fmt::format("{:.6g}", tick));
  }
  const std::size_t step = rows / kMostDots + 1;
  for (std::size_t r = 0; r < rows; r += step) {
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"#1f4e9c\" fill-opacity=\"0.45\"/>\n",
                       across.at((ages.guesses[r] + analysis.true_ages[r]) / 2),
                       y_of(ages.guesses[r] - analysis.true_ages[r]));
  }
  const auto level = [&](double error, const char* name) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}h{:.1f}\" stroke=\"#c26a00\" stroke-dasharray=\"6 4\"/>\n", kLeft,
                       y_of(error), kWidth);
    svg += evaluation::svg_text(kLeft + kWidth + 8, y_of(error) + 4, "start", fmt::format("{} {:.2f}", name, error));
  };
  level(ages.errors.bias, "bias");
  if (ages.errors.limits) {
    level(ages.errors.limits->low, "bias - 1.96 SD");
    level(ages.errors.limits->high, "bias + 1.96 SD");
  }
  svg += evaluation::svg_text(kLeft + kWidth / 2, kTop + kHeight + 40, "middle", "mean of guess and truth");
  return svg + "</svg>\n";
}

}  // namespace mi2::report
