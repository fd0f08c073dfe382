#include "dicom/levels.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace mi2::dicom {
namespace {

/// Calls use(stored word) for each sample.
template <typename Word, typename Use>
void each_word(const Frame& frame, Use use) {
  const std::uint8_t* at = frame.bytes.data();
  const std::size_t count = frame.layout.pixels();
  for (std::size_t i = 0; i < count; ++i, at += sizeof(Word)) {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    use(std::uint32_t{word});
  }
}

}  // namespace

Levels::Levels(const Frame& frame) noexcept
    : frame_(frame),
      shift_(frame.layout.high_bit + 1 - frame.layout.stored),
      mask_((1U << frame.layout.stored) - 1),
      sign_(frame.layout.is_signed ? 1U << (frame.layout.stored - 1) : 0) {}

template <typename Use>
void Levels::each(Use use) const {
  auto level = [use, shift = shift_, mask = mask_, sign = sign_, least = least_](std::uint32_t word) mutable {
    use(((word >> shift & mask) ^ sign) - least);
  };
  if (frame_.layout.allocated == 8) {
    each_word<std::uint8_t>(frame_, level);
  } else {
    each_word<std::uint16_t>(frame_, level);
  }
}

std::optional<Levels> Levels::of(const Frame& frame) {
  const Layout& layout = frame.layout;
  if (layout.floating || layout.pixels() == 0 || (layout.allocated != 8 && layout.allocated != 16)) return std::nullopt;
  Levels levels(frame);
  // As signed words, whose extremes every processor finds eight at a time.
  constexpr std::uint32_t kMiddle = 0x8000;
  std::int16_t least = std::numeric_limits<std::int16_t>::max();
  std::int16_t greatest = std::numeric_limits<std::int16_t>::min();
  levels.each([&](std::uint32_t level) {
    const auto sample = static_cast<std::int16_t>(static_cast<std::uint16_t>(level ^ kMiddle));
    least = std::min(least, sample);
    greatest = std::max(greatest, sample);
  });
  levels.least_ = static_cast<std::uint16_t>(least) ^ kMiddle;
  levels.count_ = static_cast<std::size_t>(greatest - least) + 1;
  if (levels.count_ > layout.pixels()) return std::nullopt;
  levels.lowest_ = static_cast<double>(levels.least_) - static_cast<double>(levels.sign_);
  return levels;
}

// The bytes may be a mapped file's, which others can write to meanwhile: no level is believed to be the last at most.

std::vector<std::uint64_t> Levels::occurrences() const {
  std::vector<std::uint64_t> counts(count_);
  each([to = counts.data(), last = count_ - 1](std::uint32_t level) { ++to[std::min<std::size_t>(level, last)]; });
  return counts;
}

std::vector<std::uint8_t> Levels::shaded(std::span<const std::uint8_t> shades) const {
  std::vector<std::uint8_t> out(frame_.layout.pixels());
  each([to = out.data(), from = shades.data(), last = count_ - 1](std::uint32_t level) mutable {
    *to++ = from[std::min<std::size_t>(level, last)];
  });
  return out;
}

}  // namespace mi2::dicom
