#include "evaluation/confusion_plot.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "evaluation/square_plot.hpp"

namespace mi2::evaluation {
namespace {

std::string confusion_cell(double x, double y, double side, std::uint64_t count, double share) {
  std::string svg = fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"hsl(215,60%,{:.0f}%)\" "
      "stroke=\"white\"/>\n",
      x, y, side, side, 97 - 60 * share);
  return svg + svg_text(x + side / 2, y + side / 2 + 4, "middle", std::to_string(count),
                        share > 0.5 ? "fill=\"white\"" : "fill=\"#222\"");
}

double names_width(const std::vector<std::string>& labels) {
  std::size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, shortened(label).size());
  return 7.0 * static_cast<double>(longest);
}

}  // namespace

std::string confusion_plot(const std::vector<std::string>& labels, const Confusion& confusion) {
  constexpr double kTop = SquarePlot::kTop;
  const double names = names_width(labels) + 20;
  const double side = std::clamp(360.0 / static_cast<double>(labels.size()), 22.0, 70.0);
  const double grid = side * static_cast<double>(labels.size());
  const double left = names + 24;
  // Names below stand at 45 degrees.
  std::string svg = svg_start(std::max(left + grid + 20, 330.0), kTop + grid + 40 + 0.72 * names,
                              "Rows by true label, columns by answer");
  for (std::size_t t = 0; t < labels.size(); ++t) {
    const double y = kTop + side * static_cast<double>(t);
    const auto support = static_cast<double>(confusion.counts(t).rows);
    for (std::size_t p = 0; p < labels.size(); ++p) {
      const std::uint64_t count = confusion.count(t, p);
      svg += confusion_cell(left + side * static_cast<double>(p), y, side, count,
                            support > 0 ? static_cast<double>(count) / support : 0.0);
    }
    svg += svg_text(left - 8, y + side / 2 + 4, "end", shortened(labels[t]));
    const double x = left + side * (static_cast<double>(t) + 0.5);
    svg += svg_text(x, kTop + grid + 16, "end", shortened(labels[t]),
                    fmt::format("transform=\"rotate(-45 {:.1f} {:.1f})\"", x, kTop + grid + 16));
  }
  return svg + "</svg>\n";
}

}  // namespace mi2::evaluation
