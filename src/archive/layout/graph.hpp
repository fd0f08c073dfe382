#pragma once
// How alike points are, from the distances of their neighbours: UMAP's fuzzy graph.
// Source: McInnes, Healy and Melville, arXiv:1802.03426; the constants are umap-learn's.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "archive/layout/points.hpp"

namespace mi2::archive::layout {

/// The scale of a point's surroundings.
struct Scale {
  double nearest = 0;  ///< distance of the nearest neighbour that is not in the same place: as near as can be
  double width = 0;    ///< over which likeness falls to 1/e beyond that
};

/// The width by which the likenesses of the neighbours add up to log2 of their number, the point itself counted.
/// @param distances  of a point's neighbours without itself, at least one, none of them negative.
/// @param usual  the mean of all points' distances (each point's own 0 counted): no width is far below it.
Scale scale_of(std::span<const float> distances, double usual);

/// From 0 to 1.
double likeness(double distance, const Scale& scale) noexcept;

/// The `usual` of scale_of().
double usual_distance(std::span<const float> distances, std::size_t width) noexcept;

/// Two points that are alike.
struct Edge {
  std::uint32_t low = 0;
  std::uint32_t high = 0;  ///< above low
  float weight = 0;

  friend bool operator==(const Edge&, const Edge&) = default;
};

/// Each pair of which one is a neighbour of the other, once, by (low, high). The weight is the chance that at least one
/// of the two likenesses holds.
std::vector<Edge> fuzzy_union(const Neighbours& neighbours);

}  // namespace mi2::archive::layout
