#include "evaluation/line_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "base/html.hpp"

namespace mi2::evaluation {
namespace {

// Pixels of the plot's own coordinates.
constexpr double kWidth = 840;
constexpr double kLeft = 84;
constexpr double kRight = 190;
constexpr double kTop = 64;
constexpr double kPanelHeight = 190;
constexpr double kPanelGap = 26;
constexpr double kBottom = 52;
constexpr std::size_t kBuckets = 500;
/// Colours that people with colour-blindness tell apart. Source: Okabe and Ito, "Color Universal Design", 2008.
constexpr std::array<std::string_view, 7> kColours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                   "#e69f00", "#56b4e9", "#333333"};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  /// Some width around what was taken, so that a position inside always exists.
  [[nodiscard]] Range settled(double margin) const {
    if (low > high) return {0, 1};
    const double width = high - low;
    const double around = width > 0 ? width * margin : std::max(std::abs(low) * 0.1, 1e-12);
    return {low - around, high + around};
  }
};

bool is_finite(const Point& point) { return std::isfinite(point.first) && std::isfinite(point.second); }

/// Few points that look the same: of each bucket of neighbours, the lowest and the highest.
std::vector<Point> thinned(const std::vector<Point>& points) {
  std::vector<Point> finite;
  std::copy_if(points.begin(), points.end(), std::back_inserter(finite), is_finite);
  if (finite.size() <= 2 * kBuckets) return finite;
  std::vector<Point> kept;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    const auto first = finite.begin() + static_cast<std::ptrdiff_t>(bucket * finite.size() / kBuckets);
    const auto last = finite.begin() + static_cast<std::ptrdiff_t>((bucket + 1) * finite.size() / kBuckets);
    auto [low, high] =
        std::minmax_element(first, last, [](const Point& a, const Point& b) { return a.second < b.second; });
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  return kept;
}

std::string tick_text(double value) { return fmt::format("{:.6g}", std::abs(value) < 1e-300 ? 0.0 : value); }

/// Draws one panel whose upper edge is at `top`.
class PanelPainter {
 public:
  PanelPainter(const Panel& panel, Range x, double top, bool last) : panel_(panel), x_(x), top_(top), last_(last) {
    Range y;
    for (const Line& line : panel.lines) {
      for (const Point& point : line.points) {
        if (is_finite(point)) y.take(point.second);
      }
    }
    y_ = y.settled(0.05);
    if (panel.from_zero && y_.low <= y_.high) y_.low = std::min(0.0, y.low > y.high ? 0.0 : y.low);
  }

  std::string paint() {
    axes();
    for (const bool faint : {true, false}) {
      for (std::size_t i = 0; i < panel_.lines.size(); ++i) {
        if (panel_.lines[i].faint == faint) draw(panel_.lines[i], kColours[i % kColours.size()]);
      }
    }
    legend();
    return svg_;
  }

 private:
  [[nodiscard]] double to_x(double value) const {
    return kLeft + (value - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double to_y(double value) const {
    return top_ + kPanelHeight - (value - y_.low) / (y_.high - y_.low) * kPanelHeight;
  }

  void axes() {
    const double right = kWidth - kRight;
    const double bottom = top_ + kPanelHeight;
    for (const double tick : ticks(y_.low, y_.high)) {
      svg_ += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>\n", kLeft, to_y(tick), right);
      svg_ += fmt::format("<text class=\"y\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kLeft - 8, to_y(tick) + 4,
                          tick_text(tick));
    }
    for (const double tick : ticks(x_.low, x_.high)) {
      svg_ += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n", to_x(tick), top_, bottom);
      if (!last_) continue;
      svg_ += fmt::format("<text class=\"x\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", to_x(tick), bottom + 18,
                          tick_text(tick));
    }
    svg_ += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\"/>\n", kLeft, top_, bottom, right);
    const double middle = top_ + kPanelHeight / 2;
    svg_ += fmt::format("<text class=\"x\" transform=\"translate(20 {:.1f}) rotate(-90)\">{}</text>\n", middle,
                        base::escape_html(panel_.y_label));
  }

  void draw(const Line& line, std::string_view colour) {
    const std::vector<Point> points = thinned(line.points);
    if (points.empty()) return;
    std::string path;
    for (const auto& [x, y] : points) {
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', to_x(x), to_y(y));
    }
    svg_ += fmt::format("<path class=\"line\" stroke=\"{}\"{} d=\"{}\"/>\n", colour,
                        line.faint ? " style=\"stroke-width:1;opacity:0.4\"" : "", path);
    if (!line.dots && points.size() > 1) return;
    for (const auto& [x, y] : points) {
      svg_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", to_x(x), to_y(y), colour);
    }
  }

  void legend() {
    const double x = kWidth - kRight + 14;
    double y = top_ + 10;
    for (std::size_t i = 0; i < panel_.lines.size(); ++i) {
      if (panel_.lines[i].faint) continue;
      svg_ += fmt::format("<path class=\"line\" stroke=\"{}\" d=\"M{:.1f} {:.1f}h18\"/>\n",
                          kColours[i % kColours.size()], x, y);
      svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x + 24, y + 4,
                          base::escape_html(panel_.lines[i].name));
      y += 18;
    }
  }

  const Panel& panel_;
  Range x_;
  Range y_;
  double top_;
  bool last_;
  std::string svg_;
};

constexpr std::string_view kStyle =
    "<style>text{font:12px sans-serif;fill:#333}.title{font-size:17px;font-weight:bold}.sub{fill:#666}"
    ".x{text-anchor:middle}.y{text-anchor:end}.grid{stroke:#e4e4e4;fill:none}.axis{stroke:#666;fill:none}"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}</style>\n";

}  // namespace

std::vector<double> ticks(double low, double high) {
  const double width = high - low;
  if (!(width > 0) || !std::isfinite(width)) return {low};
  const double rough = width / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> found;
  const double first = std::ceil(low / step);
  for (int i = 0; i < 20 && (first + i) * step <= high; ++i) found.push_back((first + i) * step);
  return found;
}

std::string to_svg(const LinePlot& figure) {
  Range x;
  for (const Panel& panel : figure.panels) {
    for (const Line& line : panel.lines) {
      for (const Point& point : line.points) {
        if (is_finite(point)) x.take(point.first);
      }
    }
  }
  x = x.settled(0);
  const auto count = static_cast<double>(figure.panels.size());
  const double height = kTop + count * kPanelHeight + std::max(0.0, count - 1) * kPanelGap + kBottom;
  std::string svg =
      fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\n",
                  kWidth, height);
  svg += kStyle;
  svg += fmt::format("<rect width=\"{}\" height=\"{}\" fill=\"#fff\"/>\n", kWidth, height);
  svg += fmt::format("<text class=\"title\" x=\"{}\" y=\"26\">{}</text>\n", kLeft, base::escape_html(figure.title));
  svg += fmt::format("<text class=\"sub\" x=\"{}\" y=\"46\">{}</text>\n", kLeft, base::escape_html(figure.subtitle));
  double top = kTop;
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    svg += PanelPainter(figure.panels[i], x, top, i + 1 == figure.panels.size()).paint();
    top += kPanelHeight + kPanelGap;
  }
  svg += fmt::format("<text class=\"x\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n</svg>\n",
                     kLeft + (kWidth - kLeft - kRight) / 2, height - 12, base::escape_html(figure.x_label));
  return svg;
}

}  // namespace mi2::evaluation
