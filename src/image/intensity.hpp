#pragma once
// Grey of more than 8 bits to 8 bits. Shared by the TIFF and PNG readers and by src/dicom.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "image/image.hpp"

namespace mi2::image {

/// The two sample values that become 0 and 255.
struct Range {
  double low = 0;
  double high = 0;
  double half = 0.5;  ///< added before a shade is cut to a whole number; 0 under GreyRule::truncate
};

/// The range `intensity` means for these samples; NaN and infinities are left out.
/// Percentiles are numpy.percentile(float64(finite samples), p), method "linear". Window: centre -/+ width / 2.
/// {0, 0} if no sample is finite. Needs no copy of the samples (1 MB of counters).
Range intensity_range(std::span<const float> samples, const GreyRule& intensity);
Range intensity_range(std::span<const std::int32_t> samples, const GreyRule& intensity);
Range intensity_range(std::span<const std::uint16_t> samples, const GreyRule& intensity);
Range intensity_range(std::span<const std::uint32_t> samples, const GreyRule& intensity);
Range intensity_range(std::span<const double> samples, const GreyRule& intensity);

/// As above, of an image in which levels[i] occurs occurrences[i] times.
Range intensity_range(std::span<const float> levels, std::span<const std::uint64_t> occurrences,
                      const GreyRule& intensity);

/// Takes a block of samples. `occurrences` says how often each of them counts; empty: once.
using UseBlock = std::function<void(std::span<const float> samples, std::span<const std::uint64_t> occurrences)>;
/// Calls its argument with the samples block by block, the same blocks each time.
using EachBlock = std::function<void(const UseBlock&)>;

/// As above, of samples that are never in memory at once. They are asked for once if every block says how often each of
/// its values occurs and few differ, else twice.
Range intensity_range(const EachBlock& each, const GreyRule& intensity);

/// What scales every image by the range of all these samples; `intensity` itself if they have none.
Intensity fixed_intensity(const EachBlock& each, const Intensity& intensity);

/// y = (x - low) / (high - low) in double, clamped to [0, 1]; floor(255 y + range.half).
/// NaN becomes 0, and so does everything when low == high; infinities are clamped as any other sample.
std::vector<std::uint8_t> to_8bit(std::span<const float> samples, const Range& range);

/// As above, with the range of the samples themselves. Source: docs of `--intensity`.
/// @param warnings  where warn_of_range() may add to, unless null.
std::vector<std::uint8_t> to_8bit(std::span<const float> samples, const GreyRule& intensity,
                                  Warnings* warnings = nullptr);
std::vector<std::uint8_t> to_8bit(std::span<const double> samples, const GreyRule& intensity,
                                  Warnings* warnings = nullptr);
std::vector<std::uint8_t> to_8bit(std::span<const std::int32_t> samples, const GreyRule& intensity,
                                  Warnings* warnings = nullptr);
std::vector<std::uint8_t> to_8bit(std::span<const std::uint32_t> samples, const GreyRule& intensity,
                                  Warnings* warnings = nullptr);
std::vector<std::uint8_t> to_8bit(std::span<const std::uint16_t> samples, const GreyRule& intensity,
                                  Warnings* warnings = nullptr);

/// As above, of an image in which levels[i] occurs occurrences[i] times. @returns the shade of each level.
std::vector<std::uint8_t> to_8bit(std::span<const float> levels, std::span<const std::uint64_t> occurrences,
                                  const GreyRule& intensity);

}  // namespace mi2::image
