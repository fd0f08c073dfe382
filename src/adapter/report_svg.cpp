#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "adapter/report.hpp"
#include "adapter/short_label.hpp"
#include "base/html.hpp"

namespace mi2::adapter {
namespace {

constexpr double kLeft = 60;
constexpr double kTop = 34;
constexpr double kSide = 320;
constexpr std::size_t kLegendRows = 24;

/// Hues around the circle; the first ones far apart.
std::string colour(std::size_t number) {
  const double hue = std::fmod(215.0 + 137.508 * static_cast<double>(number), 360.0);
  return fmt::format("hsl({:.0f},65%,42%)", hue);
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text, std::string_view more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}{}>{}</text>\n", x, y, anchor,
                     more.empty() ? "" : " ", more, base::escape_html(text));
}

std::string start(double width, double height, std::string_view title) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "fill=\"white\"/>\n{2}",
      width, height, text_at(kLeft, 20, "start", title, "font-size=\"14\" font-weight=\"bold\""));
}

double x_of(double share) { return kLeft + share * kSide; }
double y_of(double share) { return kTop + (1 - share) * kSide; }

/// A square from 0 to 1 with ticks, names of both axes and the diagonal.
std::string axes(std::string_view across, std::string_view up) {
  std::string svg;
  for (int tick = 0; tick <= 5; ++tick) {
    const double at = tick / 5.0;
    svg += fmt::format("<path d=\"M{0:.1f} {1:.1f}V{2:.1f}M{3:.1f} {4:.1f}H{5:.1f}\" stroke=\"#ddd\" fill=\"none\"/>\n",
                       x_of(at), y_of(0), y_of(1), x_of(0), y_of(at), x_of(1));
    svg += text_at(x_of(at), y_of(0) + 16, "middle", fmt::format("{:.1f}", at));
    svg += text_at(x_of(0) - 6, y_of(at) + 4, "end", fmt::format("{:.1f}", at));
  }
  svg += fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>\n", x_of(0),
                     y_of(0), x_of(1), y_of(1));
  svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#333\"/>\n", kLeft,
                     kTop, kSide, kSide);
  svg += text_at(x_of(0.5), y_of(0) + 36, "middle", across);
  svg += text_at(16, y_of(0.5), "middle", up, fmt::format("transform=\"rotate(-90 16 {:.1f})\"", y_of(0.5)));
  return svg;
}

std::string curve_path(const std::vector<evaluation::RocPoint>& curve, std::size_t number) {
  std::string path;
  for (const evaluation::RocPoint& point : evaluation::corners(curve)) {
    path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L", x_of(point.false_positive_rate),
                        y_of(point.true_positive_rate));
  }
  return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", path, colour(number));
}

std::string bars(const evaluation::Reliability& reliability, std::size_t rows) {
  std::string svg;
  for (const evaluation::ReliabilityBin& bin : reliability.bins) {
    if (bin.count == 0) continue;
    const double share = static_cast<double>(bin.count) / static_cast<double>(rows);
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#1f4e9c\" fill-opacity=\"0.10\"/>\n",
        x_of(bin.low), y_of(share), kSide * (bin.high - bin.low), share * kSide);
  }
  return svg;
}

std::string dots(const evaluation::Reliability& reliability, std::string_view ink, bool filled) {
  std::string line;
  std::string svg;
  for (const evaluation::ReliabilityBin& bin : reliability.bins) {
    if (bin.count == 0) continue;
    const double x = x_of(bin.confidence);
    const double y = y_of(bin.accuracy);
    line += fmt::format("{}{:.1f} {:.1f}", line.empty() ? "M" : "L", x, y);
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" stroke=\"{}\"/>\n", x, y,
                       filled ? ink : "white", ink);
  }
  return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\"/>\n{}", line, ink, svg);
}

std::string cell(double x, double y, double side, std::uint64_t count, double share) {
  std::string svg = fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"hsl(215,60%,{:.0f}%)\" "
      "stroke=\"white\"/>\n",
      x, y, side, side, 97 - 60 * share);
  return svg + text_at(x + side / 2, y + side / 2 + 4, "middle", std::to_string(count),
                       share > 0.5 ? "fill=\"white\"" : "fill=\"#222\"");
}

double width_of(const std::vector<std::string>& labels) {
  std::size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, short_label(label).size());
  return 7.0 * static_cast<double>(longest);
}

}  // namespace

std::string roc_svg(const AdapterReport& report) {
  const std::vector<std::string>& labels = report.adapter.labels;
  const std::size_t shown = std::min(labels.size(), kLegendRows);
  const double height = std::max(kTop + kSide + 50, kTop + 20.0 * static_cast<double>(shown + 1));
  std::string svg = start(kLeft + kSide + 110 + width_of(labels), height, "ROC, each label against the rest");
  svg += axes("1 - specificity", "sensitivity");
  for (std::size_t c = 0; c < labels.size(); ++c) {
    const evaluation::ClassEvaluation& found = report.evaluation.classes[c];
    if (!found.curve.empty()) svg += curve_path(found.curve, c);
    if (c >= shown) continue;
    const double y = kTop + 14 + 20.0 * static_cast<double>(c);
    svg += fmt::format("<rect x=\"{}\" y=\"{:.1f}\" width=\"14\" height=\"4\" fill=\"{}\"/>\n", kLeft + kSide + 16,
                       y - 6, colour(c));
    svg += text_at(kLeft + kSide + 36, y, "start",
                   found.auc.value ? fmt::format("{} {:.3f}", short_label(labels[c]), *found.auc.value)
                                   : fmt::format("{} -", short_label(labels[c])));
  }
  if (labels.size() > shown) {
    svg += text_at(kLeft + kSide + 36, kTop + 14 + 20.0 * static_cast<double>(shown), "start",
                   fmt::format("and {} more", labels.size() - shown));
  }
  return svg + "</svg>\n";
}

std::string confusion_svg(const std::vector<std::string>& labels, const evaluation::Confusion& confusion) {
  const double names = width_of(labels) + 20;
  const double side = std::clamp(360.0 / static_cast<double>(labels.size()), 22.0, 70.0);
  const double grid = side * static_cast<double>(labels.size());
  const double left = names + 24;
  // Names below stand at 45 degrees.
  std::string svg = start(std::max(left + grid + 20, 330.0), kTop + grid + 40 + 0.72 * names,
                          "Rows by true label, columns by answer");
  for (std::size_t t = 0; t < labels.size(); ++t) {
    const double y = kTop + side * static_cast<double>(t);
    const auto support = static_cast<double>(confusion.counts(t).rows);
    for (std::size_t p = 0; p < labels.size(); ++p) {
      const std::uint64_t count = confusion.count(t, p);
      svg += cell(left + side * static_cast<double>(p), y, side, count,
                  support > 0 ? static_cast<double>(count) / support : 0.0);
    }
    svg += text_at(left - 8, y + side / 2 + 4, "end", short_label(labels[t]));
    const double x = left + side * (static_cast<double>(t) + 0.5);
    svg += text_at(x, kTop + grid + 16, "end", short_label(labels[t]),
                   fmt::format("transform=\"rotate(-45 {:.1f} {:.1f})\"", x, kTop + grid + 16));
  }
  return svg + "</svg>\n";
}

std::string reliability_svg(const AdapterReport& report) {
  std::string svg = start(kLeft + kSide + 240, kTop + kSide + 50, "Calibration of the likeliest label");
  svg += bars(report.evaluation.reliability, report.evaluation.rows);
  svg += axes("confidence", "accuracy");
  svg += dots(report.uncalibrated, "#c26a00", false);
  svg += dots(report.evaluation.reliability, "#1f4e9c", true);
  const double x = kLeft + kSide + 16;
  const auto legend = [&](double y, std::string_view ink, std::string_view fill, const std::string& text) {
    svg +=
        fmt::format("<circle cx=\"{}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" stroke=\"{}\"/>\n", x + 6, y - 4, fill, ink);
    svg += text_at(x + 18, y, "start", text);
  };
  legend(kTop + 14, "#1f4e9c", "#1f4e9c",
         fmt::format("temperature {:.2f}: error {:.3f}", report.adapter.temperature,
                     report.evaluation.reliability.expected_error));
  legend(kTop + 34, "#c26a00", "white", fmt::format("temperature 1: error {:.3f}", report.uncalibrated.expected_error));
  svg += text_at(x, kTop + 58, "start", "bars: share of rows", "fill=\"#555\"");
  return svg + "</svg>\n";
}

}  // namespace mi2::adapter
