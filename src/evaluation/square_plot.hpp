#pragma once
// What plots of shares on a square, and of rows of things, are drawn with: pieces of self-contained SVG.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mi2::evaluation {

/// A square from 0 to 1, drawn at a fixed place; points outside are drawn at its edge.
class SquarePlot {
 public:
  static constexpr double kLeft = 60;
  static constexpr double kTop = 34;
  static constexpr double kSide = 320;

  SquarePlot(std::string_view title, std::string_view across, std::string_view up, bool diagonal);

  void add_line(const std::vector<std::pair<double, double>>& points, std::size_t number);
  /// Dots joined by a thin line.
  void add_dots(const std::vector<std::pair<double, double>>& points, std::size_t number);
  /// A bar from the bottom.
  void add_bar(double from, double to, double height);
  /// A line of the legend, in the order of the calls; after kMostEntries only their number is shown.
  void add_entry(std::string_view text, std::size_t number);
  /// The whole document.
  [[nodiscard]] std::string svg() const;

 private:
  static constexpr std::size_t kMostEntries = 24;
  std::string title_;
  std::string behind_;
  std::string body_;
  std::vector<std::pair<std::string, std::size_t>> entries_;
};

/// The square with ticks and names of both axes, and the diagonal if asked for.
std::string square_axes(std::string_view across, std::string_view up, bool diagonal);
/// Hues around the circle; the first ones far apart.
std::string colour_of(std::size_t number);
/// At most 28 bytes of UTF-8, cut between characters, with ".." where something is missing.
std::string shortened(std::string_view text);
/// A <text> element. @param more  further attributes, as they are.
std::string svg_text(double x, double y, std::string_view anchor, std::string_view text, std::string_view more = "");
/// The start of a document with a white ground and a title.
std::string svg_start(double width, double height, std::string_view title);

}  // namespace mi2::evaluation
