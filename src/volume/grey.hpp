#pragma once
// Values of a volume to shades.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "image/intensity.hpp"
#include "volume/volume.hpp"
#include "volume/voxels.hpp"

namespace mi2::volume {

/// Chooses grey levels of a volume's slices. Safe to use from several threads.
class Grey {
 public:
  /// @param volume  outlives this.
  Grey(const Volume& volume, const Options& options) : volume_(volume), options_(options) {}

  /// @param values  of a slice.  @param volume  from 0: the one that the slice is of.
  [[nodiscard]] std::vector<std::uint8_t> operator()(std::span<const float> values, std::uint64_t volume,
                                                     image::Warnings& warnings) const;
  /// Whether a value of a volume is below 0: in Hounsfield units there are some wherever there is air.
  [[nodiscard]] bool below_zero(std::uint64_t volume) const;

 private:
  [[nodiscard]] bool shown_as_stored() const noexcept;
  /// Of all values of a volume; worked out once.
  [[nodiscard]] image::Range range_of(std::uint64_t volume, const image::GreyRule& intensity) const;

  const Volume& volume_;
  Options options_;
  mutable std::mutex mutex_;
  mutable std::map<std::uint64_t, image::Range> ranges_;    ///< by the rule
  mutable std::map<std::uint64_t, image::Range> extremes_;  ///< where a window is in Hounsfield units
};

}  // namespace mi2::volume
