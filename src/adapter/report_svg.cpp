#include <algorithm>

#include <fmt/format.h>

#include "adapter/report.hpp"
#include "evaluation/confusion_plot.hpp"
#include "evaluation/square_plot.hpp"

namespace mi2::adapter {
namespace {

using evaluation::SquarePlot;

constexpr double kLeft = SquarePlot::kLeft;
constexpr double kTop = SquarePlot::kTop;
constexpr double kSide = SquarePlot::kSide;
constexpr std::size_t kLegendRows = 24;

double x_of(double share) { return kLeft + share * kSide; }
double y_of(double share) { return kTop + (1 - share) * kSide; }

std::string curve_path(const std::vector<evaluation::RocPoint>& curve, std::size_t number) {
  std::string path;
  for (const evaluation::RocPoint& point : evaluation::corners(curve)) {
    path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L", x_of(point.false_positive_rate),
                        y_of(point.true_positive_rate));
  }
  return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", path,
                     evaluation::colour_of(number));
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

double width_of(const std::vector<std::string>& labels) {
  std::size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, evaluation::shortened(label).size());
  return 7.0 * static_cast<double>(longest);
}

}  // namespace

std::string roc_svg(const AdapterReport& report) {
  const std::vector<std::string>& labels = report.adapter.labels;
  const std::size_t shown = std::min(labels.size(), kLegendRows);
  const double height = std::max(kTop + kSide + 50, kTop + 20.0 * static_cast<double>(shown + 1));
  std::string svg =
      evaluation::svg_start(kLeft + kSide + 110 + width_of(labels), height, "ROC, each label against the rest");
  svg += evaluation::square_axes("1 - specificity", "sensitivity", true);
  for (std::size_t c = 0; c < labels.size(); ++c) {
    const evaluation::ClassEvaluation& found = report.evaluation.classes[c];
    if (!found.curve.empty()) svg += curve_path(found.curve, c);
    if (c >= shown) continue;
    const double y = kTop + 14 + 20.0 * static_cast<double>(c);
    svg += fmt::format("<rect x=\"{}\" y=\"{:.1f}\" width=\"14\" height=\"4\" fill=\"{}\"/>\n", kLeft + kSide + 16,
                       y - 6, evaluation::colour_of(c));
    svg += evaluation::svg_text(kLeft + kSide + 36, y, "start",
                                found.auc.value
                                    ? fmt::format("{} {:.3f}", evaluation::shortened(labels[c]), *found.auc.value)
                                    : fmt::format("{} -", evaluation::shortened(labels[c])));
  }
  if (labels.size() > shown) {
    svg += evaluation::svg_text(kLeft + kSide + 36, kTop + 14 + 20.0 * static_cast<double>(shown), "start",
                                fmt::format("and {} more", labels.size() - shown));
  }
  return svg + "</svg>\n";
}

std::string confusion_svg(const std::vector<std::string>& labels, const evaluation::Confusion& confusion) {
  return evaluation::confusion_plot(labels, confusion);
}

std::string reliability_svg(const AdapterReport& report) {
  std::string svg = evaluation::svg_start(kLeft + kSide + 240, kTop + kSide + 50, "Calibration of the likeliest label");
  svg += bars(report.evaluation.reliability, report.evaluation.rows);
  svg += evaluation::square_axes("confidence", "accuracy", true);
  svg += dots(report.uncalibrated, "#c26a00", false);
  svg += dots(report.evaluation.reliability, "#1f4e9c", true);
  const double x = kLeft + kSide + 16;
  const auto legend = [&](double y, std::string_view ink, std::string_view fill, const std::string& text) {
    svg +=
        fmt::format("<circle cx=\"{}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" stroke=\"{}\"/>\n", x + 6, y - 4, fill, ink);
    svg += evaluation::svg_text(x + 18, y, "start", text);
  };
  legend(kTop + 14, "#1f4e9c", "#1f4e9c",
         fmt::format("temperature {:.2f}: error {:.3f}", report.adapter.temperature,
                     report.evaluation.reliability.expected_error));
  legend(kTop + 34, "#c26a00", "white", fmt::format("temperature 1: error {:.3f}", report.uncalibrated.expected_error));
  svg += evaluation::svg_text(x, kTop + 58, "start", "bars: share of rows", "fill=\"#555\"");
  return svg + "</svg>\n";
}

}  // namespace mi2::adapter
