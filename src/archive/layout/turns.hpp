#pragma once
// In which order pairs of blocks are worked on, so that pairs of one round have no block in common.

#include <cstddef>
#include <utility>
#include <vector>

namespace mi2::archive::layout {

/// Two blocks, the lower first; of a block with itself, twice the same.
using Pair = std::pair<std::size_t, std::size_t>;

/// Every pair of blocks once: a round of each block with itself, then those of a tournament in which each meets each.
/// @param blocks  1, or an even number.
std::vector<std::vector<Pair>> rounds_of(std::size_t blocks);

}  // namespace mi2::archive::layout
