#include "dicom/dicom.hpp"

#include "dicom/elements.hpp"

namespace mi2::dicom {

bool looks_like_dicom(std::span<const std::byte> bytes) noexcept {
  constexpr std::string_view kPrefix = "DICM";
  if (bytes.size() >= 132) {
    bool prefixed = true;
    for (std::size_t i = 0; i < 4; ++i) prefixed &= std::to_integer<char>(bytes[128 + i]) == kPrefix[i];
    if (prefixed) return true;
  }
  const std::optional<Encoding> encoding = guess_encoding(bytes);
  if (!encoding) return false;
  const auto low = std::to_integer<unsigned>(bytes[encoding->big_endian ? 1 : 0]);
  const auto high = std::to_integer<unsigned>(bytes[encoding->big_endian ? 0 : 1]);
  return high == 0 && (low == 0x02 || low == 0x08);
}

}  // namespace mi2::dicom
