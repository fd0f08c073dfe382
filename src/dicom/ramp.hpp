#pragma once
// Grey by arithmetic instead of a look-up: most windows make shades that rise evenly from level to level, which
// processors compute for many samples at once.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "dicom/frame.hpp"

namespace mi2::dicom {

/// Shades that rise or fall by the same amount from one stored value to the next, and are cut at black and white.
class Ramp {
 public:
  /// The line before it is cut and rounded down.
  struct Line {
    double rise = 0;    ///< shades from one stored value to the next
    double middle = 0;  ///< a stored value where the line is between black and white
    double shade = 0;   ///< there
  };

  /// @param exact  the shade of a stored value. It only rises from value to value, or only falls.
  /// @returns nothing unless the ramp gives exactly that for each value that the layout's bits can store.
  static std::optional<Ramp> of(const Layout& layout, const Line& line,
                                const std::function<std::uint8_t(double stored)>& exact);

  [[nodiscard]] std::uint8_t operator()(std::int32_t stored) const noexcept {
    const float line = static_cast<float>(stored - base_) * rise_ + start_;
    return static_cast<std::uint8_t>(std::clamp(static_cast<std::int32_t>(line), 0, 255));
  }
  [[nodiscard]] float rise() const noexcept { return rise_; }
  [[nodiscard]] std::int32_t base() const noexcept { return base_; }
  [[nodiscard]] float start() const noexcept { return start_; }

 private:
  Ramp(float rise, std::int32_t base, float start) noexcept : rise_(rise), base_(base), start_(start) {}
  /// The last value from `first` to `last` with the shade of `first`.
  [[nodiscard]] std::int32_t end_of_run(std::int32_t first, std::int32_t last) const noexcept;

  float rise_;
  std::int32_t base_;  ///< near the middle, so that a float has bits enough for what matters
  float start_;
};

/// What each sample becomes. @param frame  of 8 or 16 bits a sample, not floating.
std::vector<std::uint8_t> shaded(const Frame& frame, const Ramp& ramp);

}  // namespace mi2::dicom
