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

/// RST0..RST7, SOI and EOI have no length.
bool stands_alone(unsigned marker) noexcept { return marker >= 0xD0 && marker <= 0xD9; }

unsigned length_at(Stream s, std::size_t at) noexcept { return static_cast<unsigned>(s[at] << 8 | s[at + 1]); }

/// How often each component is sampled.
struct Sampling {
  unsigned id = 0;
  unsigned across = 1;
  unsigned down = 1;
};

/// One walk over the markers, as a decoder walks: what stands between two of them is passed over.
class Walk {
 public:
  explicit Walk(Stream stream) noexcept : stream_(stream) {}

  std::optional<JpegHeader> run() noexcept {
    for (std::size_t at = 0; at + 4 <= stream_.size();) {
      const unsigned marker = stream_[at + 1];
      if (stream_[at] != 0xFF || marker == 0xFF) {
        ++at;
      } else if (marker == 0xD9) {
        break;
      } else if (marker < 0xC0 && marker != 0 && out_.process == 0) {
        // TEM and reserved markers, which no image starts with. DCMTK 3.6.7 looks for the frame header at TEM for ever.
        return std::nullopt;
      } else if (marker < 0xC0 || stands_alone(marker)) {
        at += 2;
      } else {
        const std::size_t length = length_at(stream_, at + 2);
        if (length < 2 || at + 2 + length > stream_.size()) break;
        segment(marker, stream_.subspan(at + 4, length - 2));
        at += 2 + length;
        if (marker == 0xDA) at = after_scan(stream_, at);
      }
    }
    if (out_.process == 0) return std::nullopt;
    return out_;
  }

 private:
  void segment(unsigned marker, Stream body) noexcept {
    if (marker == 0xE0 && body.size() >= 5 && std::memcmp(body.data(), "JFIF", 5) == 0) out_.jfif = true;
    if (marker == 0xEE && body.size() >= 12 && std::memcmp(body.data(), "Adobe", 5) == 0) out_.adobe = body[11];
    if (marker == 0xDD && body.size() >= 2) interval_ = length_at(body, 0);
    if (marker == 0xDA) scan(body);
    if (starts_frame(marker) && out_.process == 0 && body.size() >= 6) frame(marker, body);
  }

  void frame(unsigned marker, Stream body) noexcept {
    out_.process = marker;
    out_.precision = body[0];
    out_.height = length_at(body, 1);
    out_.width = length_at(body, 3);
    out_.components = body[5];
    for (std::size_t i = 0; i < out_.components && 6 + 3 * i + 2 < body.size(); ++i) {
      const unsigned factors = body[6 + 3 * i + 1];
      if (i < out_.ids.size()) out_.ids[i] = body[6 + 3 * i];
      if (factors != body[7]) out_.subsampled = true;
      if (i >= sampling_.size() || factors >> 4U == 0 || (factors & 15U) == 0) continue;
      sampling_[i] = {body[6 + 3 * i], factors >> 4U, factors & 15U};
      across_ = std::max(across_, sampling_[i].across);
      down_ = std::max(down_, sampling_[i].down);
    }
  }

  void scan(Stream body) noexcept {
    ++out_.scans;
    if (interval_ == 0 || out_.process == 0 || out_.process == 0xF7 || body.size() < 2) return;
    // T.81 A.2: several components are coded by the samples of all that belong together, one block by block.
    const std::uint64_t block = out_.lossless() ? 1 : 8;
    std::uint64_t width = divide_up(out_.width, block * across_);
    std::uint64_t height = divide_up(out_.height, block * down_);
    if (body[0] == 1) {
      const auto* one =
          std::find_if(sampling_.begin(), sampling_.end(), [&](const Sampling& s) { return s.id == body[1]; });
      if (one != sampling_.end()) {
        width = divide_up(divide_up(std::uint64_t{out_.width} * one->across, across_), block);
        height = divide_up(divide_up(std::uint64_t{out_.height} * one->down, down_), block);
      }
    }
    const std::uint64_t units = width * height;
    if (units > 0) out_.restarts += (units - 1) / interval_;
  }

  static std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) noexcept { return (a + b - 1) / b; }

  Stream stream_;
  JpegHeader out_;
  std::array<Sampling, 4> sampling_{};
  unsigned across_ = 1;
  unsigned down_ = 1;
  unsigned interval_ = 0;
};

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

std::optional<JpegHeader> read_jpeg_header(Stream stream) noexcept { return Walk(stream).run(); }

bool is_ycbcr(const JpegHeader& header, bool object_says_ybr) noexcept {
  const bool rgb_ids = header.ids == std::array<std::uint8_t, 3>{'R', 'G', 'B'};
  if (header.adobe && (!header.jfif || header.lossless())) return *header.adobe != 0;
  if (rgb_ids) return false;
  if (header.lossless()) return object_says_ybr;
  if (header.jfif || header.subsampled) return true;
  return object_says_ybr;
}

}  // namespace mi2::dicom
