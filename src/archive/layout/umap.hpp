#pragma once
// UMAP: points in the plane, near each other where they are alike.
// Source: McInnes, Healy and Melville, arXiv:1802.03426; step sizes and numbers of epochs are umap-learn's.

#include <cstdint>
#include <stop_token>
#include <vector>

#include "archive/layout/points.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::layout {

struct UmapOptions {
  double min_dist = 0.1;  ///< how close alike points come: from 0 to below 1
  std::uint64_t seed = 1;
  base::OnProgress on_progress;
  std::stop_token stop;
};

/// A place for each point: a stochastic descent in which a point is drawn to those that it is alike, and pushed away
/// from random ones. The points are divided into blocks, and pairs of blocks take turns so that no two pairs that run
/// at once share a block; what pushes is read as it was before the epoch. So the places depend on the arguments alone:
/// the same bits for any number of threads. Not on every machine: the system's pow() may differ in a last bit.
/// @param start  of each point, of any scale: it is scaled to 10 at most.
/// @throws Error{kInternal} if stopped.
std::vector<Point> umap(const Neighbours& neighbours, std::vector<Point> start, const UmapOptions& options,
                        base::ThreadPool& pool);

}  // namespace mi2::archive::layout
