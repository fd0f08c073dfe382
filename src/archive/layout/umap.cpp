#include "archive/layout/umap.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include <mi2/error.hpp>

#include "archive/layout/curve.hpp"
#include "archive/layout/graph.hpp"
#include "archive/layout/turns.hpp"
#include "base/splitmix.hpp"

namespace mi2::archive::layout {
namespace {

/// How far the start reaches from its middle, and how far its points are moved at random, so that no two of them stay
/// in one place.
constexpr double kReach = 10;
constexpr double kJitter = 1e-3;
/// Random points that push for each one that pulls.
constexpr int kPushes = 5;
/// The longest step along an axis.
constexpr float kLongest = 4;
/// Squared distances below this have no direction.
constexpr float kSamePlace = 1e-12F;

std::size_t epochs_of(std::size_t points) { return points <= 10'000 ? 500 : 200; }

/// By the number of points alone, never by that of threads. Few points make short turns: few blocks.
std::size_t blocks_of(std::size_t points) {
  if (points < 256) return 1;
  return points < 20'000 ? 8 : 32;
}

/// One point of an edge, as seen from the other. Both have a turn of their own.
struct Pull {
  std::uint32_t from;
  std::uint32_t to;
  float period;  ///< epochs between two pulls
  float next;    ///< the epoch of the next one
};

/// The pulls of a pair of blocks.
struct Tile {
  std::size_t first = 0;
  std::size_t last = 0;
};

void prepare(std::vector<Point>& points, std::uint64_t seed) {
  double x = 0;
  double y = 0;
  for (const Point& point : points) {
    x += static_cast<double>(point.x) / static_cast<double>(points.size());
    y += static_cast<double>(point.y) / static_cast<double>(points.size());
  }
  double reach = 0;
  for (const Point& point : points) {
    reach = std::max({reach, std::abs(static_cast<double>(point.x) - x), std::abs(static_cast<double>(point.y) - y)});
  }
  const double factor = reach > 0 ? kReach / reach : 0.0;
  const auto moved = [&](float at, double middle, std::size_t point, std::uint64_t axis) {
    const double random = static_cast<double>(base::mix_key({seed, point, axis}) >> 11) * 0x1.0p-52 - 1;
    return static_cast<float>((static_cast<double>(at) - middle) * factor + kJitter * random);
  };
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {moved(points[i].x, x, i, 0), moved(points[i].y, y, i, 1)};
  }
}

class Descent {
 public:
  Descent(const Neighbours& neighbours, std::vector<Point> points, const UmapOptions& options, base::ThreadPool& pool)
      : points_(std::move(points)),
        options_(options),
        pool_(pool),
        blocks_(blocks_of(points_.size())),
        epochs_(epochs_of(points_.size())),
        rounds_(rounds_of(blocks_)) {
    const Curve curve = fit_curve(options.min_dist);
    a_ = static_cast<float>(curve.a);
    b_ = static_cast<float>(curve.b);
    take_pulls(fuzzy_union(neighbours));
  }

  std::vector<Point> run() {
    for (std::size_t epoch = 1; epoch <= epochs_; ++epoch) {
      if (options_.stop.stop_requested()) throw Error(Code::kInternal, "map: stopped");
      if (options_.on_progress) options_.on_progress({"laying out", epoch - 1, epochs_});
      before_ = points_;
      const float step = 1.0F - static_cast<float>(epoch - 1) / static_cast<float>(epochs_);
      for (const std::vector<Pair>& round : rounds_) {
        pool_.run(round.size(), [&](std::size_t i) { work(tiles_[number_of(round[i])], epoch, step); });
      }
    }
    return std::move(points_);
  }

 private:
  [[nodiscard]] std::size_t block_of(std::uint32_t point) const { return point * blocks_ / points_.size(); }

  /// Of a tile.
  [[nodiscard]] std::size_t number_of(const Pair& pair) const { return pair.first * blocks_ + pair.second; }
  [[nodiscard]] std::size_t number_of(const Pull& pull) const {
    const std::size_t a = block_of(pull.from);
    const std::size_t b = block_of(pull.to);
    return number_of(Pair(std::min(a, b), std::max(a, b)));
  }

  void take_pulls(const std::vector<Edge>& edges) {
    float largest = 0;
    for (const Edge& edge : edges) largest = std::max(largest, edge.weight);
    for (const Edge& edge : edges) {
      const float period = largest / edge.weight;
      if (!(period <= static_cast<float>(epochs_))) continue;  // would never have a turn
      pulls_.push_back({edge.low, edge.high, period, period});
      pulls_.push_back({edge.high, edge.low, period, period});
    }
    std::sort(pulls_.begin(), pulls_.end(), [&](const Pull& p, const Pull& q) {
      return std::tuple(number_of(p), p.from, p.to) < std::tuple(number_of(q), q.from, q.to);
    });
    tiles_.resize(blocks_ * blocks_);
    for (std::size_t first = 0; first < pulls_.size();) {
      const std::size_t number = number_of(pulls_[first]);
      std::size_t last = first;
      while (last < pulls_.size() && number_of(pulls_[last]) == number) ++last;
      tiles_[number] = {first, last};
      first = last;
    }
  }

  void work(const Tile& tile, std::size_t epoch, float step) {
    const auto now = static_cast<float>(epoch);
    for (std::size_t i = tile.first; i < tile.last; ++i) {
      Pull& pull = pulls_[i];
      if (pull.next > now) continue;
      pull.next += pull.period;
      draw_together(points_[pull.from], points_[pull.to], step);
      push_away(pull, epoch, step);
    }
  }

  static float limited(float step) noexcept { return std::clamp(step, -kLongest, kLongest); }

  void draw_together(Point& from, Point& to, float step) const noexcept {
    const float dx = from.x - to.x;
    const float dy = from.y - to.y;
    const float squared = dx * dx + dy * dy;
    if (squared < kSamePlace) return;
    const float power = std::pow(squared, b_);
    const float factor = -2 * a_ * b_ * power / (squared * (1 + a_ * power));
    const float x = limited(factor * dx) * step;
    const float y = limited(factor * dy) * step;
    from.x += x;
    from.y += y;
    to.x -= x;
    to.y -= y;
  }

  void push_away(const Pull& pull, std::size_t epoch, float step) noexcept {
    Point& point = points_[pull.from];
    std::uint64_t state = base::mix_key({options_.seed, epoch, static_cast<std::uint64_t>(pull.from) << 32 | pull.to});
    for (int i = 0; i < kPushes; ++i) {
      state += base::kSplitMixStep;
      const std::uint64_t high = base::mix_bits(state) >> 32;
      const auto other = static_cast<std::size_t>(high * before_.size() >> 32);
      if (other == pull.from) continue;
      const float dx = point.x - before_[other].x;
      const float dy = point.y - before_[other].y;
      const float squared = dx * dx + dy * dy;
      if (squared < kSamePlace) continue;
      const float factor = 2 * b_ / ((0.001F + squared) * (1 + a_ * std::pow(squared, b_)));
      point.x += limited(factor * dx) * step;
      point.y += limited(factor * dy) * step;
    }
  }

  std::vector<Point> points_;
  std::vector<Point> before_;  ///< the points before the epoch
  const UmapOptions& options_;
  base::ThreadPool& pool_;
  std::size_t blocks_;
  std::size_t epochs_;
  std::vector<std::vector<Pair>> rounds_;
  float a_ = 1;
  float b_ = 1;
  std::vector<Pull> pulls_;  ///< tile after tile
  std::vector<Tile> tiles_;  ///< [blocks, blocks]; those under the diagonal are empty
};

}  // namespace

std::vector<Point> umap(const Neighbours& neighbours, std::vector<Point> start, const UmapOptions& options,
                        base::ThreadPool& pool) {
  if (start.size() < 2) return start;
  prepare(start, options.seed);
  return Descent(neighbours, std::move(start), options, pool).run();
}

}  // namespace mi2::archive::layout
