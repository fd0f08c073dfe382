#include "dicom/jpeg_header.hpp"

namespace mi2::dicom {
namespace {

/// A marker that starts a frame: SOF0..SOF15 without DHT, JPG and DAC; 0xF7 is JPEG-LS.
bool starts_frame(unsigned marker) noexcept {
  if (marker == 0xF7) return true;
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool stands_alone(unsigned marker) noexcept { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD9); }

}  // namespace

std::optional<JpegHeader> read_jpeg_header(const std::vector<std::uint8_t>& stream) {
  const auto word_at = [&](std::size_t at) { return static_cast<unsigned>(stream[at] << 8 | stream[at + 1]); };
  std::size_t at = 0;
  while (at + 4 <= stream.size()) {
    if (stream[at] != 0xFF) return std::nullopt;
    const unsigned marker = stream[at + 1];
    if (marker == 0xFF) {
      ++at;
    } else if (stands_alone(marker)) {
      at += 2;
    } else if (starts_frame(marker)) {
      if (at + 10 > stream.size()) return std::nullopt;
      return JpegHeader{word_at(at + 7), word_at(at + 5), stream[at + 9], stream[at + 4]};
    } else {
      at += 2 + word_at(at + 2);
    }
  }
  return std::nullopt;
}

}  // namespace mi2::dicom
