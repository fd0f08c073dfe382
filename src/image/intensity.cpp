#include "image/intensity.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include "image/ranks.hpp"

namespace mi2::image {
namespace {

using ranks::BlockRanks;
using ranks::finite;
using ranks::kBuckets;
using ranks::kFew;
using ranks::percentile;
using ranks::rank_below;
using ranks::Ranks;
using ranks::Tally;
using ranks::WideRanks;

template <typename AnyRanks>
Range between(AnyRanks& all, const GreyRule& intensity) {
  if (all.size() == 0) return {};
  const double low = percentile(all, intensity.low);
  return {low, percentile(all, intensity.high)};
}

template <typename Sample>
Range min_max(std::span<const Sample> samples, std::span<const std::uint64_t> occurrences) {
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!finite(samples[i]) || (!occurrences.empty() && occurrences[i] == 0)) continue;
    range.low = std::min(range.low, static_cast<double>(samples[i]));
    range.high = std::max(range.high, static_cast<double>(samples[i]));
  }
  return range.low <= range.high ? range : Range{};
}

template <typename Sample>
Range ends_of(std::span<const Sample> samples, const GreyRule& intensity, std::span<const std::uint64_t> occurrences) {
  if (intensity.kind == Intensity::Kind::kWindow) {
    const Window& window = intensity.window;
    return {window.center - window.width / 2, window.center + window.width / 2};
  }
  if (intensity.kind == Intensity::Kind::kMinMax) return min_max(samples, occurrences);
  if (samples.size() <= kFew) {  // counters would take longer to be zeroed than samples to be sorted
    Tally<Sample> tally;
    tally.add(samples, occurrences);
    return between(tally, intensity);
  }
  std::conditional_t<std::is_same_v<Sample, double>, WideRanks, Ranks<Sample>> all(samples, occurrences);
  return between(all, intensity);
}

template <typename Sample>
Range range_of(std::span<const Sample> samples, const GreyRule& intensity,
               std::span<const std::uint64_t> occurrences = {}) {
  Range range = ends_of(samples, intensity, occurrences);
  if (intensity.truncate) range.half = 0;
  return range;
}

std::uint8_t scale(double x, const Range& range) noexcept {
  const double y = (x - range.low) / (range.high - range.low);
  if (!(y > 0)) return 0;  // NaN too
  return static_cast<std::uint8_t>(std::min(y, 1.0) * 255 + range.half);
}

template <typename Sample>
std::vector<std::uint8_t> scale_all(std::span<const Sample> samples, const Range& range) {
  std::vector<std::uint8_t> out(samples.size());
  if (!(range.low < range.high)) return out;
  if constexpr (std::is_same_v<Sample, std::uint16_t>) {
    if (samples.size() > kBuckets) {
      // Fewer values than samples: each is scaled once.
      std::vector<std::uint8_t> shades(kBuckets);
      for (std::size_t x = 0; x < kBuckets; ++x) shades[x] = scale(static_cast<double>(x), range);
      std::transform(samples.begin(), samples.end(), out.begin(), [&shades](Sample x) { return shades[x]; });
      return out;
    }
  }
  std::transform(samples.begin(), samples.end(), out.begin(),
                 [&range](Sample x) { return scale(static_cast<double>(x), range); });
  return out;
}

template <typename Sample>
std::vector<std::uint8_t> spread(std::span<const Sample> samples, const GreyRule& intensity, Warnings* warnings) {
  const Range range = range_of(samples, intensity);
  if (warnings != nullptr) warn_of_range(samples, range, *warnings);
  return scale_all(samples, range);
}

}  // namespace

Range intensity_range(std::span<const float> samples, const GreyRule& intensity) {
  return range_of(samples, intensity);
}
Range intensity_range(std::span<const std::int32_t> samples, const GreyRule& intensity) {
  return range_of(samples, intensity);
}
Range intensity_range(std::span<const std::uint16_t> samples, const GreyRule& intensity) {
  return range_of(samples, intensity);
}
Range intensity_range(std::span<const std::uint32_t> samples, const GreyRule& intensity) {
  return range_of(samples, intensity);
}
Range intensity_range(std::span<const double> samples, const GreyRule& intensity) {
  return range_of(samples, intensity);
}

Range intensity_range(std::span<const float> levels, std::span<const std::uint64_t> occurrences,
                      const GreyRule& intensity) {
  return range_of(levels, intensity, occurrences);
}

Range intensity_range(const EachBlock& each, const GreyRule& intensity) {
  if (intensity.kind == Intensity::Kind::kWindow) return range_of(std::span<const float>{}, intensity);
  BlockRanks all(each);
  const double half = intensity.truncate ? 0 : 0.5;
  const Range ends = all.range();
  if (intensity.kind == Intensity::Kind::kMinMax || all.size() == 0) return {ends.low, ends.high, half};
  const std::uint64_t last = all.size() - 1;
  const std::uint64_t low = rank_below(all.size(), intensity.low);
  const std::uint64_t high = rank_below(all.size(), intensity.high);
  all.prepare(std::array{low, std::min(low + 1, last), high, std::min(high + 1, last)});
  const double from = percentile(all, intensity.low);
  return {from, percentile(all, intensity.high), half};
}

Intensity fixed_intensity(const EachBlock& each, const Intensity& intensity) {
  const Range range = intensity_range(each, intensity);
  if (!(range.low < range.high)) return intensity;
  return {.kind = Intensity::Kind::kWindow,
          .window = {range.low + (range.high - range.low) / 2, range.high - range.low},
          .scope = Intensity::Scope::kImage};
}

std::vector<std::uint8_t> to_8bit(std::span<const float> samples, const Range& range) {
  return scale_all(samples, range);
}
std::vector<std::uint8_t> to_8bit(std::span<const float> samples, const GreyRule& intensity, Warnings* warnings) {
  return spread(samples, intensity, warnings);
}
std::vector<std::uint8_t> to_8bit(std::span<const double> samples, const GreyRule& intensity, Warnings* warnings) {
  return spread(samples, intensity, warnings);
}
std::vector<std::uint8_t> to_8bit(std::span<const std::int32_t> samples, const GreyRule& intensity,
                                  Warnings* warnings) {
  return spread(samples, intensity, warnings);
}
std::vector<std::uint8_t> to_8bit(std::span<const std::uint32_t> samples, const GreyRule& intensity,
                                  Warnings* warnings) {
  return spread(samples, intensity, warnings);
}
std::vector<std::uint8_t> to_8bit(std::span<const std::uint16_t> samples, const GreyRule& intensity,
                                  Warnings* warnings) {
  return spread(samples, intensity, warnings);
}
std::vector<std::uint8_t> to_8bit(std::span<const float> levels, std::span<const std::uint64_t> occurrences,
                                  const GreyRule& intensity) {
  return scale_all(levels, range_of(levels, intensity, occurrences));
}

}  // namespace mi2::image
