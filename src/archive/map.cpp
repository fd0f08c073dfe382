#include "archive/map.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/cases.hpp"
#include "archive/layout/graph.hpp"
#include "archive/layout/pca.hpp"
#include "archive/layout/procrustes.hpp"
#include "archive/layout/umap.hpp"

namespace mi2::archive {
namespace {

void check_snapshot(const Reader& archive, const KeptMap& map) {
  if (map.snapshot <= archive.sequence()) return;
  throw Error(
      Code::kBadFile,
      fmt::format("{}: the map is of snapshot {}, the archive at {}; 'mi2 index map --refit' makes the map anew",
                  map_file(archive.folder(), map.options.by).string(), map.snapshot, archive.sequence()));
}

/// Each point is a row of its own.
Pooling pooling_of(MapBy by) { return by == MapBy::kImage ? Pooling::kImage : Pooling::kMean; }

/// What a map of these options has points of, by row.
Cases mapped_cases(Reader& archive, const MapOptions& options) {
  const auto where = options.where.empty() ? nullptr : archive.allowed(filter::parse(options.where));
  Numbers owners;
  return cases_of(archive, pooling_of(options.by), owners,
                  [&](const RowFacts& row) { return !where || where->test(static_cast<std::size_t>(row.row)); });
}

const RowFacts& row_of(const Case& one) { return one.rows.front(); }

/// The nearest of each, by distance. @param reference  renumbered: each is of an owner of its own.
std::vector<Neighbours> nearest_of(Reader& archive, std::span<const Case> reference, std::span<const Case> asked,
                                   std::size_t k, const MapWork& work, base::ThreadPool& pool) {
  std::vector<Neighbours> found =
      nearest_cases(archive, reference, asked, {k, false, work.on_progress, work.stop}, pool);
  for (Neighbours& near : found) {  // as they were found they are in the order of cosines, which rounding may change
    std::stable_sort(near.begin(), near.end(), [](const Neighbour& a, const Neighbour& b) { return a.away < b.away; });
  }
  return found;
}

/// Each its own owner, so that a search among all leaves out itself alone. 0 is nobody's.
void own_themselves(std::span<Case> cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) cases[i].owner = static_cast<std::uint32_t>(i + 1);
}

layout::Neighbours neighbours_of(Reader& archive, Cases& cases, std::size_t k, const MapWork& work,
                                 base::ThreadPool& pool) {
  own_themselves(cases.all);
  layout::Neighbours neighbours;
  neighbours.width = std::min(k, cases.all.size() - 1);
  for (const Neighbours& near : nearest_of(archive, cases.all, cases.all, neighbours.width, work, pool)) {
    if (near.size() != neighbours.width) throw Error(Code::kInternal, "map: a point has too few neighbours");
    for (const Neighbour& one : near) {
      neighbours.places.push_back(static_cast<std::uint32_t>(one.of_reference));
      neighbours.distances.push_back(static_cast<float>(one.away));
    }
  }
  return neighbours;
}

std::vector<layout::Point> laid_out(Reader& archive, Cases& cases, const MapOptions& options, const MapWork& work,
                                    base::ThreadPool& pool) {
  std::vector<std::span<const float>> rows;
  rows.reserve(cases.all.size());
  for (const Case& one : cases.all) rows.push_back(archive.row(row_of(one).row, row_of(one).crc));
  std::vector<layout::Point> start = layout::principal_components(rows, {work.on_progress, work.stop}, pool);
  if (options.method == MapMethod::kPca || rows.size() < 2) return start;
  const layout::Neighbours neighbours = neighbours_of(archive, cases, options.neighbours - 1, work, pool);
  return layout::umap(neighbours, std::move(start), {options.min_dist, options.seed, work.on_progress, work.stop},
                      pool);
}

/// Turns new points onto an older map by the rows that both have.
void turn_onto(const KeptMap& older, std::span<MapPoint> points) {
  std::vector<layout::Point> from;
  std::vector<layout::Point> to;
  auto old = older.points.begin();
  for (const MapPoint& point : points) {
    while (old != older.points.end() && old->row < point.row) ++old;
    if (old == older.points.end()) break;
    if (old->row != point.row) continue;
    from.push_back(point.at);
    to.push_back(old->at);
  }
  const layout::Similarity turn = layout::align(from, to);
  for (MapPoint& point : points) point.at = turn(point.at);
}

/// The mean of the places of neighbours, by how alike they are.
layout::Point among(const Neighbours& near, std::span<const layout::Point> places) {
  std::vector<float> distances;
  for (const Neighbour& one : near) distances.push_back(static_cast<float>(one.away));
  const layout::Scale scale = layout::scale_of(distances, 0);
  double sum = 0;
  double x = 0;
  double y = 0;
  for (const Neighbour& one : near) {
    const double weight = layout::likeness(one.away, scale);
    const layout::Point& at = places[one.of_reference];
    sum += weight;
    x += weight * static_cast<double>(at.x);
    y += weight * static_cast<double>(at.y);
  }
  return {static_cast<float>(x / sum), static_cast<float>(y / sum)};
}

/// The cases of today, and what the map knows of them.
struct Compared {
  std::vector<MapPoint> left;         ///< points that are still there
  std::vector<Case> reference;        ///< what the map was made of and is still there
  std::vector<layout::Point> places;  ///< of the reference
  std::vector<Case> fresh;            ///< what has no point
};

Compared compare(const KeptMap& map, Cases cases) {
  Compared found;
  auto point = map.points.begin();
  for (Case& one : cases.all) {
    const std::uint64_t row = row_of(one).row;
    while (point != map.points.end() && point->row < row) ++point;
    if (point == map.points.end() || point->row != row) {
      found.fresh.push_back(std::move(one));
      continue;
    }
    found.left.push_back(*point);
    if (point->placed) continue;
    found.places.push_back(point->at);
    found.reference.push_back(std::move(one));
  }
  return found;
}

}  // namespace

KeptMap fit_map(Reader& archive, const MapOptions& options, const KeptMap* older, const MapWork& work,
                base::ThreadPool& pool) {
  Cases cases = mapped_cases(archive, options);
  if (cases.all.empty()) {
    throw Error(Code::kBadArgument, fmt::format("map: expected an archive with images{}, got none",
                                                options.where.empty() ? "" : " that --where lets by"));
  }
  const std::vector<layout::Point> places = laid_out(archive, cases, options, work, pool);
  archive.check();
  KeptMap map{options, archive.sequence(), archive.sequence(), {}};
  for (std::size_t i = 0; i < places.size(); ++i) {
    map.points.push_back({static_cast<std::uint32_t>(row_of(cases.all[i]).row), places[i], false});
  }
  if (older != nullptr) turn_onto(*older, map.points);
  return map;
}

MapGrowth grow_map(Reader& archive, KeptMap& map, const MapWork& work, base::ThreadPool& pool) {
  check_snapshot(archive, map);
  Compared now = compare(map, mapped_cases(archive, map.options));
  if (now.reference.empty()) {
    throw Error(Code::kBadArgument,
                "map: nothing is left of what the map was made of; 'mi2 index map --refit' makes it anew");
  }
  const MapGrowth growth{now.fresh.size(), map.points.size() - now.left.size()};
  own_themselves(now.reference);
  for (Case& one : now.fresh) one.owner = 0;
  std::vector<Neighbours> near;
  if (!now.fresh.empty()) {
    near = nearest_of(archive, now.reference, now.fresh, map.options.neighbours - 1, work, pool);
  }
  map.points = std::move(now.left);
  for (std::size_t i = 0; i < near.size(); ++i) {
    map.points.push_back({static_cast<std::uint32_t>(row_of(now.fresh[i]).row), among(near[i], now.places), true});
  }
  archive.check();
  std::sort(map.points.begin(), map.points.end(), [](const MapPoint& a, const MapPoint& b) { return a.row < b.row; });
  map.snapshot = archive.sequence();
  return growth;
}

KeptMap make_map(Reader& archive, const MapOptions& options, const KeptMap* older, const MapWork& work,
                 base::ThreadPool& pool) {
  prepare_to_keep_map(archive.folder());
  KeptMap map = fit_map(archive, options, older, work, pool);
  keep_map(archive.folder(), archive.format(), map);
  return map;
}

BroughtUp bring_up_map(Reader& archive, KeptMap& map, const MapWork& work, base::ThreadPool& pool) {
  BroughtUp done;
  if (map.snapshot == archive.sequence()) return done;
  done.growth = grow_map(archive, map, work, pool);
  const bool changed = done.growth.placed > 0 || done.growth.gone > 0;
  done.kept = !changed || keep_grown_map(archive.folder(), archive.format(), map);
  return done;
}

std::vector<MapPoint> shown_points(Reader& archive, const KeptMap& map, const filter::Expr* where,
                                   const filter::Expr* visible) {
  check_snapshot(archive, map);
  const auto chosen = where != nullptr ? archive.allowed(*where) : nullptr;
  const auto seen = visible != nullptr ? archive.allowed(*visible) : nullptr;
  const auto is_chosen = [&](const RowFacts& facts) {
    const auto row = static_cast<std::size_t>(facts.row);
    return (!chosen || chosen->test(row)) && (!seen || seen->test(row));
  };
  std::vector<MapPoint> shown;
  auto point = map.points.begin();
  each_judged(archive, pooling_of(map.options.by), is_chosen, [&](const RowFacts& facts) {
    while (point != map.points.end() && point->row < facts.row) ++point;
    if (point != map.points.end() && point->row == facts.row) shown.push_back(*point);
  });
  return shown;
}

}  // namespace mi2::archive
