#include "index_map_page.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/html.hpp"
#include "base/splitmix.hpp"
#include "report/page.hpp"

namespace mi2::cli {
namespace {

constexpr double kWidth = 960;
constexpr double kHeight = 720;
constexpr double kMargin = 16;
/// Okabe and Ito's, which the colour-blind tell apart, and a violet.
constexpr std::array<std::string_view, kMostColoured> kColours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                               "#e69f00", "#56b4e9", "#5b2a86", "#b3a100"};
constexpr std::string_view kOtherColour = "#777777";
constexpr std::string_view kNoColour = "#c9c9c9";

std::string_view colour_of(std::uint16_t value) {
  if (value == 0) return kNoColour;
  return value == archive::MapLegend::kOther ? kOtherColour : kColours.at(value - 1U);
}

std::string name_of(const archive::MapLegend& legend, std::uint16_t value) {
  if (value == 0) return "none";
  return value == archive::MapLegend::kOther ? "other" : legend.values.at(value - 1U).value;
}

/// Places in `points`, in their order; of more than kMostDrawn those whose rows come first in a random order.
std::vector<std::size_t> drawn_of(std::span<const archive::MapPoint> points) {
  std::vector<std::size_t> chosen(points.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (chosen.size() <= kMostDrawn) return chosen;
  const auto by_chance = [&](std::size_t i) { return std::pair(base::mix_key({points[i].row}), i); };
  std::nth_element(chosen.begin(), chosen.begin() + kMostDrawn, chosen.end(),
                   [&](std::size_t a, std::size_t b) { return by_chance(a) < by_chance(b); });
  chosen.resize(kMostDrawn);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

/// From places on the map to the picture's, with one scale for both axes.
class View {
 public:
  explicit View(std::span<const archive::MapPoint> points) {
    if (points.empty()) return;
    const auto [left, right] =
        std::minmax_element(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.at.x < b.at.x; });
    const auto [low, high] =
        std::minmax_element(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.at.y < b.at.y; });
    const double width = static_cast<double>(right->at.x) - static_cast<double>(left->at.x);
    const double height = static_cast<double>(high->at.y) - static_cast<double>(low->at.y);
    x_ = static_cast<double>(left->at.x) + width / 2;
    y_ = static_cast<double>(low->at.y) + height / 2;
    scale_ = 1 / std::max({width / (kWidth - 2 * kMargin), height / (kHeight - 2 * kMargin), 1e-9});
  }

  [[nodiscard]] double x(const archive::MapPoint& point) const {
    return kWidth / 2 + (static_cast<double>(point.at.x) - x_) * scale_;
  }
  [[nodiscard]] double y(const archive::MapPoint& point) const {
    return kHeight / 2 - (static_cast<double>(point.at.y) - y_) * scale_;
  }

 private:
  double x_ = 0;
  double y_ = 0;
  double scale_ = 1;
};

std::string svg_of(const MapPage& page, std::span<const std::size_t> drawn) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"The map\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\" stroke=\"#ddd\"/>\n",
      kWidth, kHeight);
  const View view(page.points);
  for (const std::size_t i : drawn) {
    const archive::MapPoint& point = page.points[i];
    const std::uint16_t value = page.legend.of[i];
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\" fill-opacity=\"0.7\"><title>item {}: {}</title>"
        "</circle>\n",
        view.x(point), view.y(point), colour_of(value), point.row, base::escape_html(name_of(page.legend, value)));
  }
  return svg + "</svg>\n";
}

std::string legend_row(std::string_view colour, std::string_view name, std::size_t points) {
  return fmt::format(
      "<tr><td><svg width=\"14\" height=\"14\"><circle cx=\"7\" cy=\"7\" r=\"6\" fill=\"{}\"/></svg></td><td>{}</td>"
      "<td class=\"n\">{}</td></tr>\n",
      colour, base::escape_html(name), points);
}

std::string legend_table(const MapPage& page) {
  std::string rows =
      fmt::format("<tr><th></th><th>{}</th><th class=\"n\">points</th></tr>\n", base::escape_html(page.colour));
  for (std::size_t i = 0; i < page.legend.values.size(); ++i) {
    rows += legend_row(kColours.at(i), page.legend.values[i].value, page.legend.values[i].points);
  }
  if (page.legend.other > 0) rows += legend_row(kOtherColour, "other", page.legend.other);
  if (page.legend.none > 0) rows += legend_row(kNoColour, "none", page.legend.none);
  return report::scrolling_table(rows);
}

std::string how_it_was_made(const MapPage& page) {
  const archive::MapOptions& made = page.map.options;
  const auto placed = std::count_if(page.points.begin(), page.points.end(), [](const auto& one) { return one.placed; });
  std::string text = fmt::format("By {}, with {}", archive::name_of(made.by), archive::name_of(made.method));
  if (made.method == archive::MapMethod::kUmap) {
    text += fmt::format(": {} neighbours, min-dist {}, seed {}", made.neighbours, made.min_dist, made.seed);
  }
  text += fmt::format(
      "; Euclidean distances between unit vectors. Made of snapshot {}, now of {}: {} of {} points "
      "were placed since, each among its neighbours.",
      page.map.fitted, page.map.snapshot, placed, page.points.size());
  if (!made.where.empty()) text += fmt::format(" The map is of {}.", made.where);
  if (!page.where.empty()) text += fmt::format(" Shown is what {} lets by.", page.where);
  return text;
}

constexpr std::string_view kCaution =
    "<p class=\"note\">Points that lie together are alike. How far groups lie apart, how large and how dense they are, "
    "and which way the axes point, means nothing.</p>\n";

}  // namespace

std::string to_html(const MapPage& page) {
  const std::vector<std::size_t> drawn = drawn_of(page.points);
  std::string body = fmt::format("<p>{}</p>\n", base::escape_html(how_it_was_made(page)));
  if (drawn.size() < page.points.size()) {
    body += fmt::format("<p><strong>Drawn are {} of {} points, chosen at random</strong>; the counts are of all.</p>\n",
                        drawn.size(), page.points.size());
  }
  body += report::plot_figure(svg_of(page, drawn));
  body += legend_table(page);
  body += kCaution;
  return report::page("Map of an archive", body);
}

}  // namespace mi2::cli
