#include "image/intensity.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>

namespace mi2::image {
namespace {

template <typename Sample>
bool finite(Sample x) noexcept {
  if constexpr (std::is_floating_point_v<Sample>) return std::isfinite(x);
  return true;
}

/// Unsigned keys in the order of the samples, so that ranks can be found by counting. -0 sorts just before +0.
std::uint32_t key_of(float x) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}
std::uint64_t key_of(double x) noexcept {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}
std::uint32_t key_of(std::uint32_t x) noexcept { return x; }
std::uint32_t key_of(std::int32_t x) noexcept { return static_cast<std::uint32_t>(x) ^ 0x80000000U; }
std::uint32_t key_of(std::uint16_t x) noexcept { return static_cast<std::uint32_t>(x) << 16; }

template <typename Sample>
double value_of(std::uint32_t key) noexcept {
  if constexpr (std::is_same_v<Sample, float>) {
    return std::bit_cast<float>((key & 0x80000000U) != 0 ? key & 0x7FFFFFFFU : ~key);
  } else if constexpr (std::is_same_v<Sample, std::int32_t>) {
    return static_cast<std::int32_t>(key ^ 0x80000000U);
  } else if constexpr (std::is_same_v<Sample, std::uint32_t>) {
    return key;
  } else {
    return key >> 16;
  }
}

using Counts = std::vector<std::uint64_t>;
constexpr std::size_t kBuckets = 65536;

/// The bucket holding the sample of this rank; `rank` becomes the rank inside the bucket.
std::uint32_t find_bucket(const Counts& counts, std::uint64_t& rank) {
  std::uint32_t bucket = 0;
  while (rank >= counts[bucket]) rank -= counts[bucket++];
  return bucket;
}

/// Order statistics by counting high halves of the keys, then the low halves of the bucket a rank falls in.
template <typename Sample>
class Ranks {
 public:
  /// @param occurrences  how often each sample counts; empty: once.
  explicit Ranks(std::span<const Sample> samples, std::span<const std::uint64_t> occurrences)
      : samples_(samples), occurrences_(occurrences), high_(kBuckets) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (!finite(samples[i])) continue;
      high_[key_of(samples[i]) >> 16] += times(i);
      size_ += times(i);
    }
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// The sample of rank `rank`, 0 being the smallest. rank < size().
  double at(std::uint64_t rank) {
    const std::uint32_t bucket = find_bucket(high_, rank);
    if constexpr (std::is_same_v<Sample, std::uint16_t>) return bucket;
    if (bucket_ != bucket) {
      low_.assign(kBuckets, 0);
      for (std::size_t i = 0; i < samples_.size(); ++i) {
        const std::uint32_t key = key_of(samples_[i]);
        if (key >> 16 == bucket) low_[key & 0xFFFFU] += times(i);
      }
      bucket_ = bucket;
    }
    return value_of<Sample>(bucket << 16 | find_bucket(low_, rank));
  }

 private:
  [[nodiscard]] std::uint64_t times(std::size_t i) const noexcept { return occurrences_.empty() ? 1 : occurrences_[i]; }

  std::span<const Sample> samples_;
  std::span<const std::uint64_t> occurrences_;
  Counts high_;
  Counts low_;
  std::optional<std::uint32_t> bucket_;
  std::uint64_t size_ = 0;
};

/// The same for samples with keys of 64 bits, which are rare: four passes over the samples for each rank.
class WideRanks {
 public:
  WideRanks(std::span<const double> samples, std::span<const std::uint64_t> /*occurrences: each counts once*/)
      : samples_(samples),
        size_(static_cast<std::uint64_t>(std::count_if(samples.begin(), samples.end(), finite<double>))) {}
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  double at(std::uint64_t rank) {
    constexpr int kDigit = 16;
    constexpr int kTop = 48;
    std::uint64_t prefix = 0;
    for (int shift = kTop; shift >= 0; shift -= kDigit) {
      counts_.assign(kBuckets, 0);
      for (const double x : samples_) {
        const std::uint64_t key = key_of(x);
        if (finite(x) && (shift == kTop || key >> (shift + kDigit) == prefix)) ++counts_[key >> shift & 0xFFFFU];
      }
      prefix = prefix << kDigit | find_bucket(counts_, rank);
    }
    constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
    return std::bit_cast<double>((prefix & kSign) != 0 ? prefix & ~kSign : ~prefix);
  }

 private:
  std::span<const double> samples_;
  std::uint64_t size_;
  Counts counts_;
};

/// The same of samples that come in blocks. All ranks that will be asked for are counted at once.
class BlockRanks {
 public:
  explicit BlockRanks(const EachBlock& each) : each_(each), high_(kBuckets) {
    visit([&](float sample, std::uint64_t times) {
      high_[key_of(sample) >> 16] += times;
      size_ += times;
      range_.low = std::min(range_.low, static_cast<double>(sample));
      range_.high = std::max(range_.high, static_cast<double>(sample));
    });
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] Range range() const noexcept { return size_ > 0 ? range_ : Range{}; }

  /// Before at(): which ranks.
  void prepare(std::span<const std::uint64_t> ranks) {
    for (std::uint64_t rank : ranks) {
      Counts& counts = low_[find_bucket(high_, rank)];
      if (counts.empty()) counts.assign(kBuckets, 0);
    }
    visit([&](float sample, std::uint64_t times) {
      const std::uint32_t key = key_of(sample);
      const auto found = low_.find(key >> 16);
      if (found != low_.end()) found->second[key & 0xFFFFU] += times;
    });
  }
  double at(std::uint64_t rank) {
    const std::uint32_t bucket = find_bucket(high_, rank);
    return value_of<float>(bucket << 16 | find_bucket(low_.at(bucket), rank));
  }

 private:
  template <typename Use>
  void visit(Use use) const {
    each_([&](std::span<const float> samples, std::span<const std::uint64_t> occurrences) {
      for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::uint64_t times = occurrences.empty() ? 1 : occurrences[i];
        if (times > 0 && finite(samples[i])) use(samples[i], times);
      }
    });
  }

  const EachBlock& each_;
  Counts high_;
  std::map<std::uint32_t, Counts> low_;
  std::uint64_t size_ = 0;
  Range range_{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
};

/// Where percentile() looks.
std::uint64_t rank_below(std::uint64_t size, double percent) noexcept {
  return std::min(static_cast<std::uint64_t>(static_cast<double>(size - 1) * (percent / 100)), size - 1);
}

/// numpy.percentile, method "linear", with its rounding: from the nearer neighbour.
template <typename AnyRanks>
double percentile(AnyRanks& ranks, double percent) {
  const double position = static_cast<double>(ranks.size() - 1) * (percent / 100);
  const std::uint64_t below = rank_below(ranks.size(), percent);
  const double a = ranks.at(below);
  const double b = ranks.at(std::min(below + 1, ranks.size() - 1));
  const double t = position - static_cast<double>(below);
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
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
  std::conditional_t<std::is_same_v<Sample, double>, WideRanks, Ranks<Sample>> ranks(samples, occurrences);
  if (ranks.size() == 0) return {};
  const double low = percentile(ranks, intensity.low);
  return {low, percentile(ranks, intensity.high)};
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
  BlockRanks ranks(each);
  const double half = intensity.truncate ? 0 : 0.5;
  const Range ends = ranks.range();
  if (intensity.kind == Intensity::Kind::kMinMax || ranks.size() == 0) return {ends.low, ends.high, half};
  const std::uint64_t last = ranks.size() - 1;
  const std::uint64_t low = rank_below(ranks.size(), intensity.low);
  const std::uint64_t high = rank_below(ranks.size(), intensity.high);
  ranks.prepare(std::array{low, std::min(low + 1, last), high, std::min(high + 1, last)});
  const double from = percentile(ranks, intensity.low);
  return {from, percentile(ranks, intensity.high), half};
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
