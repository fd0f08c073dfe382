#include "dicom/fingerprint.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace mi2::dicom {
namespace {

/// The values alone, with their signs, as words of `Value`, of samples stored in words of `Raw`.
template <typename Raw, typename Value>
std::vector<std::byte> values_of(const Frame& frame) {
  const Layout& layout = frame.layout;
  const unsigned shift = layout.high_bit + 1 - layout.stored;
  const std::uint32_t mask = layout.stored >= 32 ? ~0U : (1U << layout.stored) - 1;
  const std::uint32_t sign = layout.is_signed ? 1U << (layout.stored - 1) : 0;
  const std::size_t count = layout.pixels();
  std::vector<std::byte> out(count * sizeof(Value));
  const std::uint8_t* const in = frame.bytes.data();
  for (std::size_t i = 0; i < count; ++i) {
    Raw raw = 0;
    std::memcpy(&raw, in + i * sizeof raw, sizeof raw);
    const std::uint32_t code = std::uint32_t{raw} >> shift & mask;
    const auto value = static_cast<Value>((code ^ sign) - sign);
    std::memcpy(out.data() + i * sizeof value, &value, sizeof value);
  }
  return out;
}

template <typename Raw>
std::vector<std::byte> values_of(const Frame& frame) {
  if (frame.layout.stored <= 8) return values_of<Raw, std::uint8_t>(frame);
  if (frame.layout.stored <= 16) return values_of<Raw, std::uint16_t>(frame);
  return values_of<Raw, std::uint32_t>(frame);
}

/// Whether words are their values: FrameReader has widened what has other bits beside those that are stored.
bool are_values(const Layout& layout) noexcept {
  const bool fills = layout.stored > layout.allocated / 2 || layout.allocated == 8;  // no smaller word holds them
  return fills && !layout.is_signed && !layout.overlays && layout.high_bit + 1 == layout.stored;
}

}  // namespace

image::StoredPixels stored_pixels(const Frame& frame) {
  const Layout& layout = frame.layout;
  image::StoredKind kind{layout.photometric, layout.allocated, layout.is_signed,
                         layout.floating,    layout.columns,   layout.rows};
  const bool all_count = layout.floating || layout.stored == layout.allocated || are_values(layout);
  if (all_count) {
    const std::size_t size = layout.pixels() * (layout.allocated / 8);
    return image::stored_pixels(kind, std::as_bytes(std::span(frame.bytes.data(), size)));
  }
  kind.bits = layout.stored <= 8 ? 8 : layout.stored <= 16 ? 16 : 32;
  const std::vector<std::byte> values = layout.allocated == 8    ? values_of<std::uint8_t>(frame)
                                        : layout.allocated == 16 ? values_of<std::uint16_t>(frame)
                                                                 : values_of<std::uint32_t>(frame);
  return image::stored_pixels(kind, values);
}

}  // namespace mi2::dicom
