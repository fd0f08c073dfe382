#include "dicom/levels.hpp"

#include <algorithm>
#include <cstring>

namespace mi2::dicom {
namespace {

/// Stored bits in the order of their values: with the sign's bit turned round, the least value is 0.
template <typename Word>
std::vector<std::uint16_t> ordered(const Frame& frame) {
  const Layout& layout = frame.layout;
  const unsigned shift = layout.high_bit + 1 - layout.stored;
  const std::uint32_t mask = (1U << layout.stored) - 1;
  const std::uint32_t sign = layout.is_signed ? 1U << (layout.stored - 1) : 0;
  std::vector<std::uint16_t> out(layout.pixels());
  for (std::size_t i = 0; i < out.size(); ++i) {
    Word raw = 0;
    std::memcpy(&raw, frame.bytes.data() + i * sizeof raw, sizeof raw);
    out[i] = static_cast<std::uint16_t>(((std::uint32_t{raw} >> shift) & mask) ^ sign);
  }
  return out;
}

}  // namespace

std::optional<Levels> Levels::of(const Frame& frame) {
  const Layout& layout = frame.layout;
  if (layout.floating || layout.pixels() == 0 || (layout.allocated != 8 && layout.allocated != 16)) return std::nullopt;
  Levels levels;
  levels.samples_ = layout.allocated == 8 ? ordered<std::uint8_t>(frame) : ordered<std::uint16_t>(frame);
  std::uint16_t least = 0xFFFF;
  std::uint16_t greatest = 0;
  for (const std::uint16_t sample : levels.samples_) {
    least = std::min(least, sample);
    greatest = std::max(greatest, sample);
  }
  levels.least_ = least;
  levels.count_ = std::size_t{greatest} - least + 1;
  if (levels.count_ > levels.samples_.size()) return std::nullopt;
  levels.lowest_ = static_cast<double>(least);
  if (layout.is_signed) levels.lowest_ -= static_cast<double>(1U << (layout.stored - 1));
  return levels;
}

std::vector<std::uint64_t> Levels::occurrences() const {
  std::vector<std::uint64_t> counts(count_);
  for (const std::uint16_t sample : samples_) ++counts[static_cast<std::size_t>(sample - least_)];
  return counts;
}

std::vector<std::uint8_t> Levels::shaded(std::span<const std::uint8_t> shades) const {
  std::vector<std::uint8_t> out(samples_.size());
  std::transform(samples_.begin(), samples_.end(), out.begin(),
                 [&](std::uint16_t sample) { return shades[static_cast<std::size_t>(sample - least_)]; });
  return out;
}

}  // namespace mi2::dicom
