#pragma once
// The map of an archive: points in the plane, near each other where vectors are alike.

#include <cstddef>
#include <optional>
#include <stop_token>
#include <vector>

#include "archive/filter/filter.hpp"
#include "archive/map_file.hpp"
#include "archive/reader.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

/// Of a task that takes long.
struct MapWork {
  base::OnProgress on_progress;
  std::stop_token stop;
};

/// A map of each image, or of each series by its unit mean (an image without a series by its own vector). Distances are
/// Euclidean between unit vectors, and so in the order of cosines; neighbours come from the archive's exact search, and
/// an image's own patient is among them. The same bits for any number of threads.
/// @param older  of the same `by`, onto which the new one is turned, reflected, scaled and shifted; may be null.
/// @throws Error{kBadArgument} if there is nothing to be mapped, or for a filter that is none; {kBadFile} for damage;
///         {kInternal} if stopped.
KeptMap fit_map(Reader& archive, const MapOptions& options, const KeptMap* older, const MapWork& work,
                base::ThreadPool& pool);

struct MapGrowth {
  std::size_t placed = 0;  ///< points that came
  std::size_t gone = 0;    ///< points whose rows are no longer there
};

/// Brings a map up to the archive's snapshot without moving a point: what is new lies at the mean of those of its
/// nearest that the map was made of, weighted by their likeness, and what is gone goes. The same in one step as in
/// several.
/// @throws Error{kBadArgument} if nothing is left of what it was made of; {kBadFile} for damage, or a map of a later
///         snapshot; {kInternal} if stopped.
MapGrowth grow_map(Reader& archive, KeptMap& map, const MapWork& work, base::ThreadPool& pool);

/// Makes a map anew, and keeps it. @throws as prepare_to_keep_map(), fit_map() and keep_map().
KeptMap make_map(Reader& archive, const MapOptions& options, const KeptMap* older, const MapWork& work,
                 base::ThreadPool& pool);

struct BroughtUp {
  MapGrowth growth;
  bool kept = true;  ///< false: another map was kept meanwhile, which stays
};

/// As grow_map(), and keeps what has changed. @throws also as keep_grown_map().
BroughtUp bring_up_map(Reader& archive, KeptMap& map, const MapWork& work, base::ThreadPool& pool);

/// The points of a map whose rows are still there, by row. @param where,visible  only what both let by; null: all.
/// @throws as Reader::allowed(); Error{kBadFile} for a map of a later snapshot.
std::vector<MapPoint> shown_points(Reader& archive, const KeptMap& map, const filter::Expr* where,
                                   const filter::Expr* visible);

}  // namespace mi2::archive
