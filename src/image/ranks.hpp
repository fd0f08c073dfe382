#pragma once
// Order statistics of samples, by counting them. Inside intensity.cpp alone.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "image/intensity.hpp"

namespace mi2::image::ranks {

template <typename Sample>
bool finite(Sample x) noexcept {
  if constexpr (std::is_floating_point_v<Sample>) return std::isfinite(x);
  return true;
}

/// Unsigned keys in the order of the samples, so that ranks can be found by counting. -0 sorts just before +0.
inline std::uint32_t key_of(float x) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}
inline std::uint64_t key_of(double x) noexcept {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}
inline std::uint32_t key_of(std::uint32_t x) noexcept { return x; }
inline std::uint32_t key_of(std::int32_t x) noexcept { return static_cast<std::uint32_t>(x) ^ 0x80000000U; }
inline std::uint32_t key_of(std::uint16_t x) noexcept { return static_cast<std::uint32_t>(x) << 16; }

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
/// Samples that are sorted rather than counted.
constexpr std::size_t kFew = 4096;

/// The bucket holding the sample of this rank; `rank` becomes the rank inside the bucket.
inline std::uint32_t find_bucket(const Counts& counts, std::uint64_t& rank) {
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

/// How often each value occurs: for samples that are few, or of few values.
template <typename Sample>
class Tally {
 public:
  struct Count {
    Sample value;
    std::uint64_t times;
  };

  /// @param occurrences  how often each sample counts; empty: once.
  void add(std::span<const Sample> samples, std::span<const std::uint64_t> occurrences) {
    const auto known = static_cast<std::ptrdiff_t>(counts_.size());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const std::uint64_t times = occurrences.empty() ? 1 : occurrences[i];
      if (times == 0 || !finite(samples[i])) continue;
      counts_.push_back({samples[i], times});
      size_ += times;
    }
    std::sort(counts_.begin() + known, counts_.end(), before);
    std::inplace_merge(counts_.begin(), counts_.begin() + known, counts_.end(), before);
    join_equal();
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const std::vector<Count>& counts() const noexcept { return counts_; }

  /// The sample of rank `rank`, 0 being the smallest. rank < size().
  [[nodiscard]] double at(std::uint64_t rank) const noexcept {
    auto count = counts_.begin();
    for (; rank >= count->times; ++count) rank -= count->times;
    return static_cast<double>(count->value);
  }

 private:
  static bool before(const Count& a, const Count& b) noexcept { return key_of(a.value) < key_of(b.value); }

  void join_equal() {
    std::size_t last = 0;
    for (std::size_t i = 1; i < counts_.size(); ++i) {
      if (before(counts_[last], counts_[i])) {
        counts_[++last] = counts_[i];
      } else {
        counts_[last].times += counts_[i].times;
      }
    }
    if (!counts_.empty()) counts_.resize(last + 1);
  }

  std::vector<Count> counts_;  ///< from the smallest value on, each once
  std::uint64_t size_ = 0;
};

/// The same of samples that come in blocks. All ranks that will be asked for are counted at once, in a second pass
/// unless the first could remember every value, as of a series, whose values are those of 16 bits.
class BlockRanks {
 public:
  explicit BlockRanks(const EachBlock& each) : each_(each) {
    each_([this](std::span<const float> samples, std::span<const std::uint64_t> occurrences) {
      const bool brief = !occurrences.empty() || tally_.size() + samples.size() <= kFew;
      if (high_.empty() && brief) {
        tally_.add(samples, occurrences);
        if (tally_.counts().size() > kMostRemembered) forget();
      } else {
        if (high_.empty()) forget();
        of_each(samples, occurrences, [this](float sample, std::uint64_t times) { count(sample, times); });
      }
    });
    if (!high_.empty()) return;
    size_ = tally_.size();
    if (size_ > 0) range_ = {tally_.at(0), tally_.at(size_ - 1)};
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] Range range() const noexcept { return size_ > 0 ? range_ : Range{}; }

  /// Before at(): which ranks.
  void prepare(std::span<const std::uint64_t> ranks) {
    if (high_.empty()) return;
    for (std::uint64_t rank : ranks) {
      Counts& counts = low_[find_bucket(high_, rank)];
      if (counts.empty()) counts.assign(kBuckets, 0);
    }
    each_([this](std::span<const float> samples, std::span<const std::uint64_t> occurrences) {
      of_each(samples, occurrences, [this](float sample, std::uint64_t times) {
        const std::uint32_t key = key_of(sample);
        const auto found = low_.find(key >> 16);
        if (found != low_.end()) found->second[key & 0xFFFFU] += times;
      });
    });
  }
  double at(std::uint64_t rank) {
    if (high_.empty()) return tally_.at(rank);
    const std::uint32_t bucket = find_bucket(high_, rank);
    return value_of<float>(bucket << 16 | find_bucket(low_.at(bucket), rank));
  }

 private:
  /// So that a tally's memory stays small beside a slice's.
  static constexpr std::size_t kMostRemembered = 1 << 18;

  void count(float sample, std::uint64_t times) {
    high_[key_of(sample) >> 16] += times;
    size_ += times;
    range_.low = std::min(range_.low, static_cast<double>(sample));
    range_.high = std::max(range_.high, static_cast<double>(sample));
  }

  /// Counts from here on, and what there was.
  void forget() {
    high_.resize(kBuckets);
    for (const auto& [value, times] : tally_.counts()) count(value, times);
    tally_ = {};
  }

  template <typename Use>
  static void of_each(std::span<const float> samples, std::span<const std::uint64_t> occurrences, Use use) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const std::uint64_t times = occurrences.empty() ? 1 : occurrences[i];
      if (times > 0 && finite(samples[i])) use(samples[i], times);
    }
  }

  const EachBlock& each_;
  Tally<float> tally_;
  Counts high_;  ///< empty while the tally holds everything
  std::map<std::uint32_t, Counts> low_;
  std::uint64_t size_ = 0;
  Range range_{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
};

/// Where percentile() looks.
inline std::uint64_t rank_below(std::uint64_t size, double percent) noexcept {
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

}  // namespace mi2::image::ranks
