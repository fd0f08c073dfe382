#include "image/tiff_layout.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::image {
namespace {

enum Photometric : std::uint16_t { kMinIsWhite, kMinIsBlack, kRgbColour, kIndexed, kMask, kSeparated, kYcbcr };

constexpr std::uint16_t kAssociatedAlpha = 1;
constexpr std::uint16_t kUnassociatedAlpha = 2;
constexpr std::uint16_t kCorelAlpha = 999;  // Corel Draw 10 writes this for alpha

[[noreturn]] void refuse(const TiffTags& tags, std::string_view name) {
  throw Error(Code::kUnsupported,
              fmt::format("{}: TIFF with photometric interpretation {}, {} x {} bits, sample format {}, "
                          "{} extra samples",
                          name, tags.photometric, tags.samples, tags.bits, tags.format, tags.extra.size()));
}

/// Extra samples that carry no meaning are skipped; anything else is not.
bool only_fillers_after(const TiffTags& tags, std::size_t first) {
  for (std::size_t i = first; i < tags.extra.size(); ++i) {
    if (tags.extra[i] != 0) return false;
  }
  return tags.extra.size() <= 3;
}

TiffLayout grey(const TiffTags& tags, std::string_view name) {
  TiffLayout layout;
  layout.inverted = tags.photometric == kMinIsWhite;
  if (tags.samples == 2) {
    if (tags.bits != 8 || tags.format != 1 || layout.inverted || tags.extra.size() != 1) refuse(tags, name);
    if (tags.extra[0] == kAssociatedAlpha) refuse(tags, name);
    layout.mode = tags.extra[0] == kUnassociatedAlpha ? Mode::kGreyAlpha : Mode::kGrey;
    return layout;
  }
  if (tags.samples != 1 || !tags.extra.empty()) refuse(tags, name);
  const int bits = tags.bits;
  if (bits <= 8) {
    const bool known = bits == 1 || bits == 2 || bits == 4 || bits == 8;
    if (!known || tags.format == 3 || (tags.format == 2 && (bits != 8 || layout.inverted))) refuse(tags, name);
    layout.mode = bits == 1 ? Mode::kBilevel : Mode::kGrey;
    return layout;
  }
  // Pillow does not invert deep grey; the scaled image follows it.
  layout.inverted = false;
  if (tags.format == 1 && (bits == 12 || bits == 16)) {
    layout.depth = Depth::kUnsigned16;
  } else if ((tags.format == 2 && bits == 16) || (tags.format != 3 && bits == 32)) {
    layout.depth = Depth::kSigned32;
  } else if (tags.format == 3 && bits == 32) {
    layout.depth = Depth::kFloat32;
  } else {
    refuse(tags, name);
  }
  return layout;
}

TiffLayout rgb(const TiffTags& tags, std::string_view name) {
  if (tags.format != 1 || (tags.bits != 8 && tags.bits != 16) || tags.samples < 3) refuse(tags, name);
  TiffLayout layout;
  layout.mode = Mode::kRgb;
  if (tags.samples == 4 && tags.extra.empty()) {
    layout.mode = Mode::kRgba;  // as Pillow takes a missing ExtraSamples tag
    return layout;
  }
  if (tags.extra.size() + 3 != tags.samples || !only_fillers_after(tags, 1)) refuse(tags, name);
  const std::uint16_t first = tags.extra.empty() ? 0 : tags.extra[0];
  layout.premultiplied = first == kAssociatedAlpha;
  if (first == kAssociatedAlpha || first == kUnassociatedAlpha || first == kCorelAlpha) layout.mode = Mode::kRgba;
  return layout;
}

TiffLayout other(const TiffTags& tags, std::string_view name) {
  TiffLayout layout;
  if (tags.photometric == kIndexed) {
    const bool known = tags.bits == 1 || tags.bits == 2 || tags.bits == 4 || tags.bits == 8;
    const bool filler = tags.samples == 2 && tags.bits == 8 && tags.extra.size() == 1 && tags.extra[0] == 0;
    if (tags.format != 1 || !known || (tags.samples != 1 && !filler)) refuse(tags, name);
    layout.mode = Mode::kPalette;
  } else if (tags.photometric == kSeparated) {
    const bool known = tags.bits == 8 || (tags.bits == 16 && tags.samples == 4);
    if (tags.format != 1 || !known || tags.samples < 4 || tags.extra.size() + 4 != tags.samples ||
        !only_fillers_after(tags, 0)) {
      refuse(tags, name);
    }
    layout.mode = Mode::kCmyk;
  } else if (tags.photometric == kYcbcr && tags.bits == 8 && tags.format == 1 && tags.samples == 3) {
    if (tags.compression == 1) {
      throw Error(Code::kUnsupported, fmt::format("{}: uncompressed YCbCr TIFF", name));
    }
    layout.mode = Mode::kRgb;
    layout.ycbcr = true;
  } else if (!(tags.photometric == kYcbcr && tags.bits == 8 && tags.format == 1 && tags.samples == 1)) {
    refuse(tags, name);
  }
  return layout;
}

template <typename Sample>
Sample load(const std::uint8_t* at) noexcept {
  Sample value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

}  // namespace

TiffLayout tiff_layout(const TiffTags& tags, std::string_view name) {
  switch (tags.photometric) {
    case kMinIsWhite:
    case kMinIsBlack:
      return grey(tags, name);
    case kRgbColour:
      return rgb(tags, name);
    default:
      return other(tags, name);
  }
}

void unpack_row(const TiffRow& row, const TiffLayout& layout, int channels, std::size_t step, std::uint8_t* out) {
  const unsigned flip = layout.inverted ? 0xFF : 0;
  if (row.bits < 8) {
    const auto bits = static_cast<unsigned>(row.bits);
    const unsigned mask = (1U << bits) - 1;
    const unsigned spread = layout.mode == Mode::kPalette ? 1 : 255 / mask;
    for (std::size_t x = 0; x < row.pixels; ++x) {
      const std::size_t bit = x * bits;
      const unsigned value = row.bytes[bit / 8] >> (8 - bits - bit % 8) & mask;
      out[x * step] = static_cast<std::uint8_t>(value * spread ^ flip);
    }
    return;
  }
  const std::size_t size = static_cast<std::size_t>(row.bits) / 8;
  const std::size_t high = size == 2 && std::endian::native == std::endian::little ? 1 : 0;
  const std::uint8_t* in = row.bytes + high;
  const std::size_t in_step = size * static_cast<std::size_t>(row.samples);
  for (std::size_t x = 0; x < row.pixels; ++x, in += in_step, out += step) {
    for (int c = 0; c < channels; ++c) {
      out[c] = static_cast<std::uint8_t>(in[static_cast<std::size_t>(c) * size] ^ flip);
    }
  }
}

void unpack_row(const TiffRow& row, std::uint16_t* out) {
  for (std::size_t x = 0; x < row.pixels; ++x) {
    if (row.bits == 16) {
      out[x] = load<std::uint16_t>(row.bytes + x * 2);
      continue;
    }
    const std::uint8_t* at = row.bytes + x / 2 * 3;
    const int value = x % 2 == 0 ? at[0] << 4 | at[1] >> 4 : (at[1] & 0x0F) << 8 | at[2];
    out[x] = static_cast<std::uint16_t>(value);
  }
}

void unpack_row(const TiffRow& row, std::int32_t* out) {
  for (std::size_t x = 0; x < row.pixels; ++x) {
    out[x] = row.bits == 16 ? load<std::int16_t>(row.bytes + x * 2) : load<std::int32_t>(row.bytes + x * 4);
  }
}

void orient(Image& image, int orientation) {
  if (orientation < 2 || orientation > 8) return;
  const auto width = static_cast<std::size_t>(image.width);
  const auto height = static_cast<std::size_t>(image.height);
  const auto c = static_cast<std::size_t>(channels(image.mode));
  const bool swap = orientation >= 5;
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  std::vector<std::uint8_t> out(image.samples.size());
  std::uint8_t* to = out.data();
  for (std::size_t y = 0; y < (swap ? width : height); ++y) {
    for (std::size_t x = 0; x < (swap ? height : width); ++x, to += c) {
      const std::size_t column = swap ? y : x;
      const std::size_t row = swap ? x : y;
      const std::size_t from = (mirror_y ? height - 1 - row : row) * width + (mirror_x ? width - 1 - column : column);
      std::memcpy(to, image.samples.data() + from * c, c);
    }
  }
  image.samples = std::move(out);
  if (swap) std::swap(image.width, image.height);
}

}  // namespace mi2::image
