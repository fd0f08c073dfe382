#include "recipe/lidc_tiles.hpp"

#include <algorithm>
#include <map>

namespace mi2::recipe {
namespace {

using Point = std::array<double, 2>;

/// In pixels' centres: a pixel is in it whose whole coordinates are.
struct Box {
  Point low;
  Point high;

  [[nodiscard]] bool holds(const Point& point) const noexcept {
    return point[0] >= low[0] && point[0] < high[0] && point[1] >= low[1] && point[1] < high[1];
  }
};

/// Whether a line meets a box.      Source: Liang and Barsky, 1984.
bool meets(const Point& from, const Point& to, const Box& box) noexcept {
  double first = 0;
  double last = 1;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const double step = to[axis] - from[axis];
    const double low = box.low[axis] - from[axis];
    const double high = box.high[axis] - from[axis];
    if (step == 0) {
      if (low > 0 || high <= 0) return false;
      continue;
    }
    first = std::max(first, std::min(low / step, high / step));
    last = std::min(last, std::max(low / step, high / step));
  }
  return first < last;
}

/// By the even-odd rule.
bool encloses(const std::vector<Point>& outline, const Point& point) noexcept {
  bool inside = false;
  for (std::size_t i = 0, j = outline.size() - 1; i < outline.size(); j = i++) {
    const Point& a = outline[i];
    const Point& b = outline[j];
    if ((a[1] > point[1]) == (b[1] > point[1])) continue;
    if (point[0] < (b[0] - a[0]) * (point[1] - a[1]) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  return inside;
}

int edge(int index, int pixels) noexcept {
  return static_cast<int>(static_cast<std::int64_t>(index) * pixels / kTileGrid);
}

double median(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

using Marks = std::map<std::size_t, ReaderMark>;

TileLabel judge(const Marks& marks, std::size_t readers, ReaderRule rule) {
  TileLabel label;
  const std::size_t needed = rule == ReaderRule::kAny ? 1 : readers / 2 + 1;
  for (const LesionKind kind : {LesionKind::kNodule, LesionKind::kSmallNodule, LesionKind::kNonNodule}) {
    const auto saw =
        std::count_if(marks.begin(), marks.end(), [&](const auto& mark) { return mark.second.kind >= kind; });
    if (static_cast<std::size_t>(saw) < needed) continue;
    label.kind = kind;
    break;
  }
  std::vector<int> ratings;
  for (const auto& [reader, mark] : marks) {
    if (mark.malignancy > 0) ratings.push_back(mark.malignancy);
  }
  if (label.kind == LesionKind::kNodule && !ratings.empty()) label.malignancy = median(std::move(ratings));
  return label;
}

}  // namespace

Tile tile_of(std::size_t index, int width, int height) noexcept {
  const int row = static_cast<int>(index) / kTileGrid;
  const int column = static_cast<int>(index) % kTileGrid;
  return {edge(column, width), edge(row, height), edge(column + 1, width), edge(row + 1, height)};
}

bool lies_in(const Outline& outline, const Tile& tile) noexcept {
  const Box box{{tile.left - 0.5, tile.top - 0.5}, {tile.right - 0.5, tile.bottom - 0.5}};
  const std::vector<Point>& points = outline.points;
  if (points.empty()) return false;
  if (std::any_of(points.begin(), points.end(), [&](const Point& point) { return box.holds(point); })) return true;
  if (points.size() == 1) return false;
  for (std::size_t i = 0, j = points.size() - 1; i < points.size(); j = i++) {
    if (meets(points[j], points[i], box)) return true;
  }
  // No line crosses it: it is inside or outside as a whole.
  return encloses(points, {(box.low[0] + box.high[0]) / 2, (box.low[1] + box.high[1]) / 2});
}

std::array<TileLabel, kTiles> label_tiles(const SliceMarks& slice, ReaderRule rule, int width, int height) {
  std::array<TileLabel, kTiles> labels;
  for (std::size_t i = 0; i < kTiles; ++i) {
    const Tile tile = tile_of(i, width, height);
    Marks marks;
    bool is_free = true;
    for (const SliceMarks::Mark& drawn : slice.marks) {
      if (!lies_in(*drawn.outline, tile)) continue;
      is_free = false;
      if (!drawn.outline->inclusion) continue;
      ReaderMark& mark = marks[drawn.lesion->reader];
      mark.kind = std::max(mark.kind, drawn.lesion->kind);
      mark.malignancy = std::max(mark.malignancy, drawn.lesion->malignancy);
    }
    labels[i] = judge(marks, slice.readers, rule);
    labels[i].is_free = is_free;
  }
  return labels;
}

std::string_view lesion_label(LesionKind kind) noexcept {
  switch (kind) {
    case LesionKind::kNodule:
      return "mass lung nodule greater than 3mm";
    case LesionKind::kSmallNodule:
      return "mass lung nodule less than 3mm";
    case LesionKind::kNonNodule:
      return "mass lung non-nodule";
    case LesionKind::kNone:
      break;
  }
  return "no mass";
}

}  // namespace mi2::recipe
