#include "image/jpeg2000_header.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::image {
namespace {

using Bytes = std::span<const std::uint8_t>;

enum : unsigned {
  kSoc = 0xFF4F,
  kSiz = 0xFF51,
  kCod = 0xFF52,
  kCoc = 0xFF53,
  kSot = 0xFF90,
  kSod = 0xFF93,
  kEoc = 0xFFD9
};

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) noexcept { return (a + b - 1) / b; }

/// Reads big endian numbers, and zeros past the end.
class Cursor {
 public:
  explicit Cursor(Bytes bytes) : bytes_(bytes) {}
  std::uint32_t take(std::size_t count) noexcept {
    std::uint32_t value = 0;
    for (; count > 0; --count) value = value << 8 | (at_ < bytes_.size() ? bytes_[at_] : 0U), ++at_;
    return value;
  }
  [[nodiscard]] bool over() const noexcept { return at_ > bytes_.size(); }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

class Reader {
 public:
  Reader(Bytes stream, std::uint64_t max_pixels, std::string_view name)
      : stream_(stream), max_pixels_(max_pixels), name_(name) {}

  Jpeg2000Header run() {
    if (Cursor(stream_).take(2) != kSoc) bad("has no start");
    std::size_t at = headers(2);
    if (header_.components == 0) bad("has no size");
    while (at + 12 <= stream_.size() && marker(at) == kSot) {
      Cursor sot(stream_.subspan(at + 6));
      const std::uint64_t length = sot.take(4);
      headers(at + 12);
      // 0: to the end of the stream.
      if (length == 0) break;
      if (length < 14) bad("has a tile part shorter than its header");
      at += length;
    }
    return header_;
  }

 private:
  [[noreturn]] void bad(std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: the JPEG 2000 codestream {}", name_, what));
  }
  [[noreturn]] void too_large(std::string_view what, std::uint64_t count) const {
    throw Error(Code::kTooLarge,
                fmt::format("{}: the JPEG 2000 codestream says {} {}, more than encoders write", name_, count, what));
  }

  [[nodiscard]] unsigned marker(std::size_t at) const noexcept {
    return static_cast<unsigned>(stream_[at] << 8 | stream_[at + 1]);
  }

  /// Marker segments up to a tile part or its data. @returns the offset of that.
  std::size_t headers(std::size_t at) {
    while (at + 4 <= stream_.size()) {
      const unsigned what = marker(at);
      if (what == kSot || what == kSod || what == kEoc) return at;
      const std::size_t length = marker(at + 2);
      if (what < 0xFF00 || length < 2 || at + 2 + length > stream_.size()) bad("has a broken header");
      const Bytes body = stream_.subspan(at + 4, length - 2);
      if (what == kSiz) read_size(body);
      if ((what == kCod || what == kCoc) && header_.components == 0) bad("has no size before its coding style");
      if (what == kCod) read_style(body);
      if (what == kCoc) read_component_style(body);
      at += 2 + length;
    }
    return at;
  }

  void read_size(Bytes body) {
    Cursor in(body);
    in.take(2);
    const std::uint64_t x1 = in.take(4), y1 = in.take(4), x0 = in.take(4), y0 = in.take(4);
    const std::uint64_t tile_w = in.take(4), tile_h = in.take(4), tile_x = in.take(4), tile_y = in.take(4);
    const unsigned components = in.take(2);
    if (x1 <= x0 || y1 <= y0 || tile_w == 0 || tile_h == 0 || tile_x > x0 || tile_y > y0 || components == 0)
      bad("has no size");
    header_.width = x1 - x0;
    header_.height = y1 - y0;
    if (header_.width * header_.height > max_pixels_ || header_.width > max_pixels_ || header_.height > max_pixels_) {
      throw Error(Code::kTooLarge, fmt::format("{}: {} x {} pixels, at most {} are allowed", name_, header_.width,
                                               header_.height, max_pixels_));
    }
    if (components > 4) {
      throw Error(Code::kUnsupported,
                  fmt::format("{}: JPEG 2000 of {} components; 1 to 4 are read", name_, components));
    }
    header_.components = components;
    read_components(in);
    tile_w_ = std::min(tile_w, header_.width);
    tile_h_ = std::min(tile_h, header_.height);
    tiles_ = divide_up(x1 - tile_x, tile_w) * divide_up(y1 - tile_y, tile_h);
    // OpenJPEG takes some 9 KB for each.
    if (tiles_ > 16 + header_.width * header_.height / 1024) too_large("tiles", tiles_);
  }

  void read_components(Cursor& in) {
    for (unsigned c = 0; c < header_.components; ++c) {
      const unsigned depth = in.take(1), dx = in.take(1), dy = in.take(1);
      const unsigned precision = (depth & 0x7FU) + 1;
      const bool is_signed = (depth & 0x80U) != 0;
      if (c == 0) {
        header_.precision = precision;
        header_.is_signed = is_signed;
      }
      if (dx != 1 || dy != 1 || precision != header_.precision || is_signed != header_.is_signed || precision > 16) {
        throw Error(Code::kUnsupported,
                    fmt::format("{}: JPEG 2000 with subsampled components, ones of different depths, or "
                                "of more than 16 bits is not read",
                                name_));
      }
    }
    if (in.over()) bad("has no size");
  }

  void read_style(Bytes body) {
    Cursor in(body);
    const unsigned flags = in.take(1);
    in.take(1);
    layers_ = in.take(2);
    header_.colour_transform = in.take(1) == 1;
    if (in.over() || layers_ == 0) bad("has no coding style");
    read_blocks(body.subspan(in.at()), (flags & 1U) != 0);
  }

  void read_component_style(Bytes body) {
    Cursor in(body);
    in.take(1);
    const unsigned flags = in.take(1);
    if (in.over()) bad("has no coding style");
    read_blocks(body.subspan(in.at()), (flags & 1U) != 0);
  }

  /// Levels, code blocks and precincts: SPcod and SPcoc.
  void read_blocks(Bytes body, bool own_precincts) const {
    Cursor in(body);
    const unsigned levels = in.take(1);
    const unsigned block = in.take(1) + in.take(1) + 4;
    in.take(2);
    if (in.over() || levels > 32) bad("has no coding style");
    // Of 64 samples and more: OpenJPEG takes some 130 bytes for each.
    if (block < 6) too_large("code blocks", header_.width * header_.height >> block);
    std::uint64_t precincts = 0;
    std::uint64_t most = 0;
    for (unsigned r = 0; r <= levels; ++r) {
      const unsigned size = own_precincts ? in.take(1) : 0xFF;
      const unsigned shrink = levels - r;
      const std::uint64_t w = divide_up(tile_w_, std::uint64_t{1} << shrink);
      const std::uint64_t h = divide_up(tile_h_, std::uint64_t{1} << shrink);
      const std::uint64_t here = ((w >> (size & 0xFU)) + 2) * ((h >> (size >> 4U)) + 2);
      precincts += own_precincts ? here : 1;
      most = std::max(most, own_precincts ? here : 1);
    }
    if (in.over()) bad("has no coding style");
    const std::uint64_t samples = header_.width * header_.height * header_.components;
    const std::uint64_t all = precincts * tiles_ * header_.components;
    if (all > 4096 + samples / 16) too_large("precincts", all);
    // A packet is at least a byte; and OpenJPEG keeps two bytes for each that a tile may have.
    const std::uint64_t packets = most * (levels + 1) * header_.components * layers_;
    if (packets > 65536 + stream_.size() * 16) too_large("packets in a tile", packets);
  }

  Bytes stream_;
  std::uint64_t max_pixels_;
  std::string_view name_;
  Jpeg2000Header header_;
  std::uint64_t tile_w_ = 0;
  std::uint64_t tile_h_ = 0;
  std::uint64_t tiles_ = 0;
  std::uint64_t layers_ = 1;
};

}  // namespace

Bytes find_codestream(Bytes bytes) noexcept {
  if (bytes.size() < 12 || std::memcmp(bytes.data() + 4, "jP  ", 4) != 0) return bytes;
  for (std::size_t at = 0; bytes.size() - at >= 8;) {
    Cursor in(bytes.subspan(at));
    std::uint64_t length = in.take(4);
    const std::uint32_t kind = in.take(4);
    std::size_t head = 8;
    if (length == 1) {
      length = std::uint64_t{in.take(4)} << 32U;
      length |= in.take(4);
      head = 16;
    }
    const std::size_t left = bytes.size() - at;
    if (length == 0 || length > left) length = left;
    if (length < head) break;
    if (kind == 0x6A703263) return bytes.subspan(at + head, length - head);
    at += length;
  }
  return {};
}

Jpeg2000Header read_jpeg2000_header(Bytes codestream, std::uint64_t max_pixels, std::string_view name) {
  return Reader(codestream, max_pixels, name).run();
}

}  // namespace mi2::image
