#pragma once
// Rows that are all but one image, as the slices and repeats of a patient are. Where one is trained on and another is
// judged, the judgement is too good.

#include <cstddef>
#include <cstdint>
#include <span>

#include <mi2/matrix.hpp>

namespace mi2::vectors {

/// Rows nearer than this are equal but for rounding and the like, whatever else there is.
inline constexpr double kAlwaysNear = 1e-4;
/// Rows nearer than this share of what lies between two rows of one class are nearly equal.
inline constexpr double kNearShare = 0.02;

/// The cosine distance below which two of these rows are nearly equal.
/// @param classes  [rows]. @param seed  of the pairs that are looked at. The same rows give the same distance on every
///                 machine.
double near_distance(const EmbeddingMatrix& rows, std::span<const std::size_t> classes, std::uint64_t seed = 0);

struct NearEqual {
  std::size_t looked_at = 0;  ///< of many rows, some
  std::size_t found = 0;
};

/// How many rows have a nearly equal one in another part. Zero vectors have none.
/// @param part_of   [rows], a fold or a split.
/// @param judged    [rows], which rows are looked at; empty: all.
/// @param distance  of near_distance(). @param threads  0: one per available core.
NearEqual near_equal_across(const EmbeddingMatrix& rows, std::span<const std::size_t> part_of,
                            std::span<const unsigned char> judged, double distance, unsigned threads);

}  // namespace mi2::vectors
