#include "archive/layout/procrustes.hpp"

#include <cmath>
#include <cstddef>

namespace mi2::archive::layout {
namespace {

struct Centre {
  double x = 0;
  double y = 0;
};

Centre centre_of(std::span<const Point> points) {
  Centre sum;
  for (const Point& point : points) {
    sum.x += static_cast<double>(point.x);
    sum.y += static_cast<double>(point.y);
  }
  const auto count = static_cast<double>(points.size());
  return {sum.x / count, sum.y / count};
}

}  // namespace

Point Similarity::operator()(const Point& point) const noexcept {
  const auto px = static_cast<double>(point.x);
  const auto py = static_cast<double>(point.y);
  return {static_cast<float>(xx * px + xy * py + x), static_cast<float>(yx * px + yy * py + y)};
}

Similarity align(std::span<const Point> from, std::span<const Point> to) {
  Similarity found;
  if (from.empty()) return found;
  const Centre here = centre_of(from);
  const Centre there = centre_of(to);
  double squares = 0;
  double xx = 0, xy = 0, yx = 0, yy = 0;  // sums of products of a coordinate of `from` with one of `to`
  for (std::size_t i = 0; i < from.size(); ++i) {
    const double fx = static_cast<double>(from[i].x) - here.x;
    const double fy = static_cast<double>(from[i].y) - here.y;
    const double tx = static_cast<double>(to[i].x) - there.x;
    const double ty = static_cast<double>(to[i].y) - there.y;
    squares += fx * fx + fy * fy;
    xx += fx * tx;
    xy += fx * ty;
    yx += fy * tx;
    yy += fy * ty;
  }
  // A rotation by an angle gains cos * (xx + yy) + sin * (xy - yx), a reflection cos * (xx - yy) + sin * (xy + yx).
  const double rotated = std::hypot(xx + yy, xy - yx);
  const double reflected = std::hypot(xx - yy, xy + yx);
  if (squares > 0 && rotated >= reflected && rotated > 0) {
    const double cosine = (xx + yy) / squares;
    const double sine = (xy - yx) / squares;
    found = {cosine, -sine, sine, cosine, 0, 0};
  } else if (squares > 0 && reflected > rotated) {
    const double cosine = (xx - yy) / squares;
    const double sine = (xy + yx) / squares;
    found = {cosine, sine, sine, -cosine, 0, 0};
  }
  found.x = there.x - found.xx * here.x - found.xy * here.y;
  found.y = there.y - found.yx * here.x - found.yy * here.y;
  return found;
}

}  // namespace mi2::archive::layout
