#pragma once
// The slices of a study or a series that a search slice by slice (Match::kMaxSim) asks for.

#include <cstddef>
#include <span>
#include <vector>

#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"

namespace mi2::archive {

/// Of one series at most, and of all parts of a query together.
inline constexpr std::size_t kMostSlices = 32;
inline constexpr std::size_t kMostAllSlices = 256;

/// Places, ascending, of `count` vectors that are unlike each other: the one in the middle, then again and again the
/// one whose nearest among those taken is farthest, of equal ones the first. All if there are no more than `count`.
std::vector<std::size_t> spread(std::span<const std::span<const float>> vectors, std::size_t count);

/// Each study and series of a query as its slices, as many as fit evenly; other parts as they are.
/// @param visible  as part_of_item().
/// @throws Error{kTooLarge} for more than kMostAllSlices series and other parts; {kBadFile} for damage.
std::vector<QueryPart> slice_parts(Reader& archive, std::vector<QueryPart> parts,
                                   const filter::Expr* visible = nullptr);

}  // namespace mi2::archive
