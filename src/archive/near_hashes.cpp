#include "archive/near_hashes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

namespace mi2::archive {
namespace {

constexpr std::size_t kBands = kNearBits + 1;

/// Every fifth bit: neighbouring bits of a difference hash are of neighbouring cells, and whole rows of those are dark
/// in many pictures.
constexpr std::array<std::uint64_t, kBands> bands() {
  std::array<std::uint64_t, kBands> masks{};
  for (std::size_t bit = 0; bit < 64; ++bit) masks[bit % kBands] |= std::uint64_t{1} << bit;
  return masks;
}

constexpr std::array<std::uint64_t, kBands> kMasks = bands();

struct Placed {
  std::uint64_t hash;
  std::uint32_t place;
};

/// Whether the pair was found in a band before `band`.
bool agree_before(std::uint64_t differs, std::size_t band) noexcept {
  return std::any_of(kMasks.begin(), kMasks.begin() + static_cast<std::ptrdiff_t>(band),
                     [differs](std::uint64_t mask) { return (differs & mask) == 0; });
}

}  // namespace

void each_near_pair(std::span<const std::uint64_t> hashes,
                    const std::function<void(std::size_t, std::size_t, int)>& use,
                    const std::function<void(std::uint64_t)>& tick) {
  constexpr std::size_t kBetweenTicks = 1024;
  std::vector<Placed> order(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) order[i] = {hashes[i], static_cast<std::uint32_t>(i)};
  for (std::size_t band = 0; band < kBands; ++band) {
    const std::uint64_t mask = kMasks.at(band);
    const auto key = [mask](const Placed& one) { return std::pair(one.hash & mask, one.hash); };
    std::sort(order.begin(), order.end(), [&](const Placed& a, const Placed& b) { return key(a) < key(b); });
    std::size_t end = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (tick && i % kBetweenTicks == 0) tick(band * hashes.size() + i);
      while (end < order.size() && (order[end].hash & mask) == (order[i].hash & mask)) ++end;
      for (std::size_t j = i + 1; j < end; ++j) {
        const std::uint64_t differs = order[i].hash ^ order[j].hash;
        const int bits = std::popcount(differs);
        if (bits <= kNearBits && !agree_before(differs, band)) use(order[i].place, order[j].place, bits);
      }
    }
  }
}

}  // namespace mi2::archive
