#pragma once
// Hashes of 64 bits that differ in few of them.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace mi2::archive {

inline constexpr int kNearBits = 4;

/// Calls use(a, b, bits) for each pair of hashes that differ in at most kNearBits bits, once: all such pairs, in an
/// order that depends on the hashes alone. Only hashes that agree in one of five bands of bits are compared, as any
/// such pair does; in hashes that are spread that is a few thousandths of all pairs.
/// @param hashes  distinct; fewer than 2^32.
/// @param tick    hears now and then how many of `5 * hashes.size()` steps are done; what it throws ends the search.
void each_near_pair(std::span<const std::uint64_t> hashes,
                    const std::function<void(std::size_t a, std::size_t b, int bits)>& use,
                    const std::function<void(std::uint64_t done)>& tick = {});

}  // namespace mi2::archive
