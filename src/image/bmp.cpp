#include "image/bmp.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/readers.hpp"

namespace mi2::image {
namespace {

enum Compression : std::uint32_t { kPlain, kRle8, kRle4, kBitFields, kJpegInside, kPngInside, kAlphaBitFields };

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kCoreHeader = 12;  // OS/2 1 and Windows 2
constexpr std::uint32_t kInfoHeader = 40;  // Windows 3
constexpr std::uint32_t kOs2Header = 64;   // OS/2 2, whose higher compressions are its own

struct Header {
  std::uint32_t size = 0;  ///< of the header after the file's own
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  std::uint32_t bits = 0;  ///< a pixel
  std::uint32_t compression = kPlain;
  std::uint32_t colours = 0;
  std::array<std::uint32_t, 4> masks{};  ///< of red, green, blue and alpha
  std::size_t palette = 0;               ///< where it starts
  std::size_t data = 0;
};

[[noreturn]] void bad(std::string_view name, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {} BMP", name, what));
}

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) bad(name_, "truncated");
    std::uint32_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at + i]);
    return value;
  }
  [[nodiscard]] std::int32_t signed_number(std::size_t at) const { return static_cast<std::int32_t>(number(at, 4)); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::uint8_t byte(std::size_t at) const { return static_cast<std::uint8_t>(number(at, 1)); }
  [[nodiscard]] const std::uint8_t* row(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) bad(name_, "truncated");
    return reinterpret_cast<const std::uint8_t*>(bytes_.data() + at);
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view name_;
};

/// Of 16 bits without masks, 5 for each colour; of 32, 8.
void read_masks(const Reader& file, Header& header) {
  header.masks = header.bits == 16 ? std::array<std::uint32_t, 4>{0x7C00, 0x3E0, 0x1F, 0}
                                   : std::array<std::uint32_t, 4>{0xFF0000, 0xFF00, 0xFF, 0};
  if (header.compression != kBitFields && header.compression != kAlphaBitFields) return;
  const bool alpha = header.compression == kAlphaBitFields || header.size >= 56;
  for (std::size_t i = 0; i < (alpha ? 4 : 3); ++i) {
    header.masks.at(i) = file.number(kFileHeader + kInfoHeader + i * 4, 4);
  }
  if (header.size == kInfoHeader) header.palette += alpha ? 16 : 12;
}

Header read_header(const Reader& file, std::string_view name) {
  Header header;
  header.data = file.number(10, 4);
  header.size = file.number(kFileHeader, 4);
  header.palette = kFileHeader + header.size;
  if (header.size == kCoreHeader) {
    header.width = file.number(18, 2);
    header.height = file.number(20, 2);
    header.bits = file.number(24, 2);
  } else if (header.size >= kInfoHeader && header.size <= 1024) {
    header.width = file.signed_number(18);
    header.height = file.signed_number(22);
    header.bits = file.number(28, 2);
    header.compression = file.number(30, 4);
    header.colours = file.number(46, 4);
  } else {
    bad(name, "corrupt");
  }
  header.top_down = header.height < 0;
  if (header.top_down) header.height = -header.height;
  if (header.width <= 0 || header.height == 0) bad(name, "corrupt");
  return header;
}

void check_kind(const Header& header, std::string_view name) {
  const auto is = [&header](std::uint32_t compression, std::initializer_list<std::uint32_t> bits) {
    return header.compression == compression && std::find(bits.begin(), bits.end(), header.bits) != bits.end();
  };
  const bool fields = is(kBitFields, {16, 32}) || is(kAlphaBitFields, {16, 32});
  const bool rle = is(kRle8, {8}) || is(kRle4, {4});
  if (is(kPlain, {1, 4, 8, 16, 24, 32}) || (rle && !header.top_down)) return;
  if (fields && header.size != kOs2Header) return;
  throw Error(Code::kUnsupported,
              fmt::format("{}: BMP of {} bits with compression {}{}", name, header.bits, header.compression,
                          header.compression == kJpegInside  ? " (JPEG inside)"
                          : header.compression == kPngInside ? " (PNG inside)"
                                                             : ""));
}

/// RGB triples; the mode as Pillow chooses it.
void read_palette(const Reader& file, const Header& header, Image& image, std::string_view name) {
  const std::size_t most = std::size_t{1} << header.bits;
  const std::size_t step = header.size == kCoreHeader ? 3 : 4;
  std::size_t count = header.colours == 0 ? most : std::min<std::size_t>(header.colours, most);
  // Some writers say nothing and store fewer.
  if (header.data > header.palette) count = std::min(count, (header.data - header.palette) / step);
  if (count == 0) bad(name, "corrupt (no palette in the)");
  bool ramp = count == most;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* bgr = file.row(header.palette + i * step, 3);
    image.palette.insert(image.palette.end(), {bgr[2], bgr[1], bgr[0]});
    const std::size_t shade = header.bits == 1 ? i * 255 : i;
    ramp = ramp && bgr[0] == shade && bgr[1] == shade && bgr[2] == shade;
  }
  image.mode = ramp && header.bits != 4 ? (header.bits == 1 ? Mode::kBilevel : Mode::kGrey) : Mode::kPalette;
}

/// How a mask's bits become 8.
struct Field {
  explicit Field(std::uint32_t bits)
      : mask(bits), shift(bits == 0 ? 0 : std::countr_zero(bits)), most(bits == 0 ? 0 : bits >> shift) {}
  [[nodiscard]] std::uint8_t of(std::uint32_t pixel) const noexcept {
    return most == 0 ? 0 : static_cast<std::uint8_t>(std::uint64_t{(pixel & mask) >> shift} * 255 / most);
  }
  std::uint32_t mask;
  int shift;
  std::uint32_t most;
};

void unpack_colour(const Header& header, const std::uint8_t* in, std::size_t width, std::size_t step,
                   std::uint8_t* out) {
  if (header.bits == 24) {
    for (std::size_t x = 0; x < width; ++x, in += 3, out += 3) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
    }
    return;
  }
  const std::array fields = {Field(header.masks[0]), Field(header.masks[1]), Field(header.masks[2]),
                             Field(header.masks[3])};
  const std::size_t size = header.bits / 8;
  for (std::size_t x = 0; x < width; ++x, in += size, out += step) {
    std::uint32_t pixel = 0;
    for (std::size_t i = size; i-- > 0;) pixel = pixel << 8 | in[i];
    for (std::size_t c = 0; c < step; ++c) out[c] = fields.at(c).of(pixel);
  }
}

void unpack_indices(const Header& header, const std::uint8_t* in, std::size_t width, bool bilevel, std::uint8_t* out) {
  const unsigned mask = (1U << header.bits) - 1;
  for (std::size_t x = 0; x < width; ++x) {
    const std::size_t bit = x * header.bits;
    const unsigned index = in[bit / 8] >> (8 - header.bits - bit % 8) & mask;
    out[x] = static_cast<std::uint8_t>(bilevel ? index * 255 : index);
  }
}

void read_plain(const Reader& file, const Header& header, Image& image) {
  const auto width = static_cast<std::size_t>(header.width);
  const auto height = static_cast<std::size_t>(header.height);
  const auto step = static_cast<std::size_t>(channels(image.mode));
  const std::size_t stride = (width * header.bits + 31) / 32 * 4;
  const std::size_t used = (width * header.bits + 7) / 8;
  static_cast<void>(file.row(header.data, stride * (height - 1) + used));  // before pixels are allocated
  image.samples.resize(width * height * step);
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* in = file.row(header.data + y * stride, used);
    std::uint8_t* out = image.samples.data() + (header.top_down ? y : height - 1 - y) * width * step;
    if (header.bits <= 8) {
      unpack_indices(header, in, width, image.mode == Mode::kBilevel, out);
    } else {
      unpack_colour(header, in, width, step, out);
    }
  }
}

/// Runs of one index, or of two that alternate in 4 bits, and stretches as they are. What is left out is index 0.
class RleReader {
 public:
  RleReader(const Reader& file, const Header& header, Image& image, std::string_view name)
      : file_(file), header_(header), image_(image), name_(name), at_(header.data) {}

  void read() {
    image_.samples.assign(static_cast<std::size_t>(header_.width * header_.height), 0);
    bool more = true;
    while (more) {
      const std::uint8_t count = file_.byte(at_);
      const std::uint8_t value = file_.byte(at_ + 1);
      at_ += 2;
      if (count == 0) {
        more = escape(value);
      } else {
        for (unsigned i = 0; i < count; ++i) put(header_.bits == 8 ? value : half(value, i));
      }
    }
  }

 private:
  static std::uint8_t half(std::uint8_t value, unsigned i) noexcept { return i % 2 == 0 ? value >> 4 : value & 0x0F; }

  /// @returns whether anything may follow.
  bool escape(std::uint8_t code) {
    if (code == 0) {
      x_ = 0;
      ++y_;
    } else if (code == 2) {
      x_ += file_.byte(at_);
      y_ += file_.byte(at_ + 1);
      at_ += 2;
    } else if (code >= 3) {
      const std::size_t size = header_.bits == 8 ? code : (code + 1U) / 2;
      for (unsigned i = 0; i < code; ++i) {
        put(header_.bits == 8 ? file_.byte(at_ + i) : half(file_.byte(at_ + i / 2), i));
      }
      at_ += size + size % 2;
    }
    return code != 1;
  }

  void put(std::uint8_t index) {
    if (x_ >= header_.width || y_ >= header_.height) bad(name_, "corrupt (pixels outside of the image in a)");
    image_.samples[static_cast<std::size_t>((header_.height - 1 - y_) * header_.width + x_)] = index;
    ++x_;
  }

  const Reader& file_;
  const Header& header_;
  Image& image_;
  std::string_view name_;
  std::size_t at_;
  std::int64_t x_ = 0;
  std::int64_t y_ = 0;
};

}  // namespace

Image decode_bmp(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  const Reader file(bytes, name);
  Header header = read_header(file, name);
  check_size(static_cast<std::uint64_t>(header.width), static_cast<std::uint64_t>(header.height), options, name);
  check_kind(header, name);
  read_masks(file, header);
  Image image;
  image.width = static_cast<int>(header.width);
  image.height = static_cast<int>(header.height);
  if (header.bits <= 8) {
    read_palette(file, header, image, name);
  } else {
    image.mode = header.masks[3] != 0 ? Mode::kRgba : Mode::kRgb;
  }
  if (header.compression == kRle8 || header.compression == kRle4) {
    RleReader(file, header, image, name).read();
  } else {
    read_plain(file, header, image);
  }
  if (image.mode != Mode::kPalette) image.palette.clear();
  return image;
}

}  // namespace mi2::image
