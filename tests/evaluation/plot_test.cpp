#include "evaluation/line_plot.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mi2::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string one_line(std::vector<Point> points) {
  return to_svg({"title", "", "x", {{"y", {{"line", std::move(points), false, false}}, false}}});
}

TEST(Ticks, AreRoundAndInside) {
  EXPECT_THAT(ticks(0, 10), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(ticks(0.1, 0.92), ElementsAre(0.2, 0.4, ::testing::DoubleEq(0.6), 0.8));
  for (const double width : {1e-9, 0.3, 7.0, 913.0, 4.4e12}) {
    const std::vector<double> found = ticks(width / 3, width / 3 + width);
    EXPECT_GE(found.size(), 3U) << width;
    EXPECT_LE(found.size(), 9U) << width;
  }
  EXPECT_EQ(ticks(1, 1).size(), 1U);
}

TEST(LinePlot, EscapesEveryText) {
  const std::string svg =
      to_svg({"<script>&\"", "\x01", "<x>", {{"<y>", {{"<name>", {{0, 1}, {1, 2}}, false, false}}, false}}});
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;&amp;&quot;"));
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_THAT(svg, Not(HasSubstr("<name>")));
  EXPECT_THAT(svg, Not(HasSubstr("\x01")));
}

TEST(LinePlot, LeavesOutWhatIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const std::string svg = one_line({{0, 1}, {1, nan}, {2, inf}, {3, 2}});
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_THAT(one_line({{0, nan}}), HasSubstr("</svg>"));
  EXPECT_THAT(one_line({}), HasSubstr("</svg>"));
  EXPECT_THAT(to_svg({"", "", "", {}}), HasSubstr("</svg>"));
  EXPECT_THAT(one_line({{5, 3}}), HasSubstr("<circle")) << "a single point is a dot";
}

TEST(LinePlot, ThinsALongLineButKeepsItsPeaks) {
  std::vector<Point> points;
  for (int i = 0; i < 200'000; ++i) points.emplace_back(i, i == 123'456 ? 1000.0 : 0.0);
  const std::string svg = one_line(points);
  EXPECT_LT(svg.size(), 30'000U);
  // The peak is 1000 of a range of 0 to 1000 with a margin of a twentieth: 190 pixels high, 8.6 below the panel's top.
  EXPECT_THAT(svg, HasSubstr(" 72.6L"));
}

}  // namespace
}  // namespace mi2::evaluation
