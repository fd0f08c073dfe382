#include "dicom/decode_jpeg2000.hpp"

#include <utility>

#include "image/jpeg2000.hpp"

namespace mi2::dicom {

std::vector<std::uint8_t> decode_jpeg2000(std::span<const std::uint8_t> stream, Layout& layout, std::string_view name,
                                          image::Warnings& warnings) {
  // An object of swapped sides has the same pixels.
  image::Jpeg2000Samples decoded = image::decode_jpeg2000(stream, layout.pixels(), name, warnings);
  take_size(layout, {decoded.width, decoded.height, decoded.components}, name, warnings);
  layout.allocated = decoded.precision > 8 ? 16 : 8;
  layout.stored = decoded.precision;
  layout.high_bit = decoded.precision - 1;
  layout.planar = false;
  if (layout.samples == 3) {
    const bool says_ybr = layout.photometric.starts_with("YBR_FULL") || layout.photometric.starts_with("YBR_PARTIAL");
    const bool ybr = decoded.ycbcr || (says_ybr && !decoded.colour_transform);
    layout.photometric = ybr ? "YBR_FULL" : "RGB";
  }
  return std::move(decoded.bytes);
}

}  // namespace mi2::dicom
