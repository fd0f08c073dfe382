#include "dicom/codestream.hpp"

#include <algorithm>
#include <cstring>

namespace mi2::dicom {
namespace {

using Stream = std::span<const std::uint8_t>;

/// A marker that starts a frame: SOF0..SOF15 without DHT, JPG and DAC; 0xF7 is JPEG-LS.
bool starts_frame(unsigned marker) noexcept {
  if (marker == 0xF7) return true;
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool stands_alone(unsigned marker) noexcept { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD9); }

unsigned length_at(Stream s, std::size_t at) noexcept { return static_cast<unsigned>(s[at] << 8 | s[at + 1]); }

/// The segment at `at`, of which the length is known to fit.
void read_segment(Stream s, std::size_t at, JpegHeader& out) noexcept {
  const unsigned marker = s[at + 1];
  const Stream body = s.subspan(at + 4, length_at(s, at + 2) - 2);
  if (marker == 0xE0 && body.size() >= 5 && std::memcmp(body.data(), "JFIF", 5) == 0) out.jfif = true;
  if (marker == 0xEE && body.size() >= 12 && std::memcmp(body.data(), "Adobe", 5) == 0) out.adobe = body[11];
  if (!starts_frame(marker) || out.process != 0 || body.size() < 6) return;
  out.process = marker;
  out.precision = body[0];
  out.height = length_at(body, 1);
  out.width = length_at(body, 3);
  out.components = body[5];
  for (std::size_t i = 0; i < out.components && 6 + 3 * i + 2 < body.size(); ++i) {
    if (i < out.ids.size()) out.ids[i] = body[6 + 3 * i];
    if (body[6 + 3 * i + 1] != body[7]) out.subsampled = true;
  }
}

/// @returns the offset of the next marker that is neither a restart nor a stuffed byte.
std::size_t after_scan(Stream s, std::size_t at) noexcept {
  while (at + 1 < s.size()) {
    const auto* found = static_cast<const std::uint8_t*>(std::memchr(s.data() + at, 0xFF, s.size() - at - 1));
    if (found == nullptr) return s.size();
    at = static_cast<std::size_t>(found - s.data());
    const unsigned next = s[at + 1];
    // After 0xFF JPEG has a 0 bit pattern of one byte, JPEG-LS any byte below 0x80.
    if (next >= 0x80 && next != 0xFF && (next < 0xD0 || next > 0xD7)) return at;
    at += next == 0xFF ? 1 : 2;
  }
  return s.size();
}

}  // namespace

std::string_view name_of(Coding coding) noexcept {
  switch (coding) {
    case Coding::kJpeg:
      return "JPEG";
    case Coding::kJpegLs:
      return "JPEG-LS";
    case Coding::kJpeg2000:
      break;
  }
  return "JPEG 2000";
}

std::optional<Coding> find_coding(Stream s) noexcept {
  constexpr std::uint8_t kJp2[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
  if (s.size() >= 8 && std::equal(std::begin(kJp2), std::end(kJp2), s.begin())) return Coding::kJpeg2000;
  if (s.size() < 4 || s[0] != 0xFF) return std::nullopt;
  if (s[1] == 0x4F && s[2] == 0xFF && s[3] == 0x51) return Coding::kJpeg2000;
  if (s[1] != 0xD8 || s[2] != 0xFF) return std::nullopt;
  const std::optional<JpegHeader> header = read_jpeg_header(s);
  return header && header->process == 0xF7 ? Coding::kJpegLs : Coding::kJpeg;
}

std::optional<JpegHeader> read_jpeg_header(Stream stream) noexcept {
  JpegHeader out;
  for (std::size_t at = 0; at + 4 <= stream.size();) {
    if (stream[at] != 0xFF) break;
    const unsigned marker = stream[at + 1];
    if (marker == 0xFF) {
      ++at;
    } else if (marker == 0xD9) {
      break;
    } else if (stands_alone(marker)) {
      at += 2;
    } else {
      const std::size_t length = length_at(stream, at + 2);
      if (length < 2 || at + 2 + length > stream.size()) break;
      read_segment(stream, at, out);
      at += 2 + length;
      if (marker != 0xDA) continue;
      ++out.scans;
      at = after_scan(stream, at);
    }
  }
  if (out.process == 0) return std::nullopt;
  return out;
}

bool is_ycbcr(const JpegHeader& header, bool object_says_ybr) noexcept {
  const bool rgb_ids = header.ids == std::array<std::uint8_t, 3>{'R', 'G', 'B'};
  if (header.adobe && (!header.jfif || header.lossless())) return *header.adobe != 0;
  if (rgb_ids) return false;
  if (header.lossless()) return object_says_ybr;
  if (header.jfif || header.subsampled) return true;
  return object_says_ybr;
}

}  // namespace mi2::dicom
