#include "evaluation/square_plot.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/html.hpp"

namespace mi2::evaluation {
namespace {

double square_x(double share) { return SquarePlot::kLeft + std::clamp(share, 0.0, 1.0) * SquarePlot::kSide; }
double square_y(double share) { return SquarePlot::kTop + (1 - std::clamp(share, 0.0, 1.0)) * SquarePlot::kSide; }

std::string path_of(const std::vector<std::pair<double, double>>& points) {
  std::string path;
  for (const auto& [x, y] : points) {
    path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L", square_x(x), square_y(y));
  }
  return path;
}

}  // namespace

std::string square_axes(std::string_view across, std::string_view up, bool diagonal) {
  std::string svg;
  for (int tick = 0; tick <= 5; ++tick) {
    const double at = tick / 5.0;
    svg += fmt::format("<path d=\"M{0:.1f} {1:.1f}V{2:.1f}M{3:.1f} {4:.1f}H{5:.1f}\" stroke=\"#ddd\" fill=\"none\"/>\n",
                       square_x(at), square_y(0), square_y(1), square_x(0), square_y(at), square_x(1));
    svg += svg_text(square_x(at), square_y(0) + 16, "middle", fmt::format("{:.1f}", at));
    svg += svg_text(square_x(0) - 6, square_y(at) + 4, "end", fmt::format("{:.1f}", at));
  }
  if (diagonal) {
    svg += fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>\n",
                       square_x(0), square_y(0), square_x(1), square_y(1));
  }
  svg += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#333\"/>\n",
                     SquarePlot::kLeft, SquarePlot::kTop, SquarePlot::kSide, SquarePlot::kSide);
  svg += svg_text(square_x(0.5), square_y(0) + 36, "middle", across);
  return svg +
         svg_text(16, square_y(0.5), "middle", up, fmt::format("transform=\"rotate(-90 16 {:.1f})\"", square_y(0.5)));
}

SquarePlot::SquarePlot(std::string_view title, std::string_view across, std::string_view up, bool diagonal)
    : title_(title), body_(square_axes(across, up, diagonal)) {}

void SquarePlot::add_line(const std::vector<std::pair<double, double>>& points, std::size_t number) {
  if (points.empty()) return;
  body_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", path_of(points),
                       colour_of(number));
}

void SquarePlot::add_dots(const std::vector<std::pair<double, double>>& points, std::size_t number) {
  if (points.empty()) return;
  body_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\"/>\n", path_of(points), colour_of(number));
  for (const auto& [x, y] : points) {
    body_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>\n", square_x(x), square_y(y),
                         colour_of(number));
  }
}

void SquarePlot::add_bar(double from, double to, double height) {
  behind_ += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#1f4e9c\" fill-opacity=\"0.10\"/>\n",
      square_x(from), square_y(height), square_x(to) - square_x(from), square_y(0) - square_y(height));
}

void SquarePlot::add_entry(std::string_view text, std::size_t number) { entries_.emplace_back(text, number); }

std::string SquarePlot::svg() const {
  const std::size_t shown = std::min(entries_.size(), kMostEntries);
  std::size_t longest = 0;
  for (std::size_t i = 0; i < shown; ++i) longest = std::max(longest, entries_[i].first.size());
  const double width = kLeft + kSide + 24 + (shown > 0 ? 30 + 7.0 * static_cast<double>(longest) : 0.0);
  const double height = std::max(kTop + kSide + 50, kTop + 20.0 * static_cast<double>(shown + 1));
  std::string svg = svg_start(width, height, title_) + behind_ + body_;
  for (std::size_t i = 0; i < shown; ++i) {
    const double y = kTop + 14 + 20.0 * static_cast<double>(i);
    svg += fmt::format("<rect x=\"{}\" y=\"{:.1f}\" width=\"14\" height=\"4\" fill=\"{}\"/>\n", kLeft + kSide + 16,
                       y - 6, colour_of(entries_[i].second));
    svg += svg_text(kLeft + kSide + 36, y, "start", entries_[i].first);
  }
  if (entries_.size() > shown) {
    svg += svg_text(kLeft + kSide + 36, kTop + 14 + 20.0 * static_cast<double>(shown), "start",
                    fmt::format("and {} more", entries_.size() - shown));
  }
  return svg + "</svg>\n";
}

std::string colour_of(std::size_t number) {
  const double hue = std::fmod(215.0 + 137.508 * static_cast<double>(number), 360.0);
  return fmt::format("hsl({:.0f},65%,42%)", hue);
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 28;
  if (text.size() <= kMost) return std::string(text);
  std::size_t end = kMost - 2;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "..";
}

std::string svg_text(double x, double y, std::string_view anchor, std::string_view text, std::string_view more) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}{}>{}</text>\n", x, y, anchor,
                     more.empty() ? "" : " ", more, base::escape_html(text));
}

std::string svg_start(double width, double height, std::string_view title) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<rect width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "fill=\"white\"/>\n{2}",
      width, height, svg_text(SquarePlot::kLeft, 20, "start", title, "font-size=\"14\" font-weight=\"bold\""));
}

}  // namespace mi2::evaluation
