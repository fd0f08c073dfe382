#pragma once
// A frame's grey samples by their levels: what becomes of a sample depends on its level alone, and an image has far
// fewer levels than samples.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dicom/frame.hpp"

namespace mi2::dicom {

class Levels {
 public:
  /// @param frame  outlives the levels.
  /// @returns nothing where there is nothing to gain: floating or deep samples, or fewer samples than levels.
  static std::optional<Levels> of(const Frame& frame);

  /// Levels from the least sample to the greatest.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  /// Frame::value of the samples at a level.
  [[nodiscard]] double value(std::size_t level) const noexcept { return lowest_ + static_cast<double>(level); }
  /// How many samples each level has.
  [[nodiscard]] std::vector<std::uint64_t> occurrences() const;
  /// What each sample becomes. @param shades  one per level.
  [[nodiscard]] std::vector<std::uint8_t> shaded(std::span<const std::uint8_t> shades) const;

 private:
  explicit Levels(const Frame& frame) noexcept;
  /// Calls use(level) for each sample.
  template <typename Use>
  void each(Use use) const;

  const Frame& frame_;
  unsigned shift_ = 0;  ///< of the stored bits
  std::uint32_t mask_ = 0;
  std::uint32_t sign_ = 0;  ///< turned round, so that the least value is the least number
  std::uint32_t least_ = 0;
  std::size_t count_ = 0;
  double lowest_ = 0;  ///< value of the first level
};

}  // namespace mi2::dicom
