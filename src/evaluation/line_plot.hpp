#pragma once
// Plots of lines over a common axis, as self-contained SVG.

#include <string>
#include <utility>
#include <vector>

namespace mi2::evaluation {

using Point = std::pair<double, double>;

struct Line {
  std::string name;
  std::vector<Point> points;  ///< x ascending; points that are not finite are left out
  bool faint = false;         ///< behind the others, without an entry in the legend
  bool dots = false;          ///< a dot at each point
};

/// One pair of axes.
struct Panel {
  std::string y_label;
  std::vector<Line> lines;
  bool from_zero = false;  ///< the y axis starts at 0
};

struct LinePlot {
  std::string title;
  std::string subtitle;
  std::string x_label;
  std::vector<Panel> panels;  ///< one above the other, with the same x axis
};

/// @returns an SVG document without scripts, fonts or links to elsewhere. A line of more than about a thousand points
/// is
///          drawn by its extremes. Text is escaped; control characters are left out.
std::string to_svg(const LinePlot& figure);

/// Round numbers from about `low` to about `high`, three to nine of them, ascending; all inside [low, high].
std::vector<double> ticks(double low, double high);

}  // namespace mi2::evaluation
