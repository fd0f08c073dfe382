#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "image/tiff_layout.hpp"

namespace mi2::image {
namespace {

template <typename Sample>
Sample load(const std::uint8_t* at) noexcept {
  Sample value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

/// Sample `index` of a row, of 1 to 32 bits. libtiff swaps whole bytes alone: other samples lie in a row of bits, the
/// highest first.
std::uint32_t code_of(const TiffRow& row, std::size_t index) noexcept {
  switch (row.bits) {
    case 8:
      return row.bytes[index];
    case 16:
      return load<std::uint16_t>(row.bytes + index * 2);
    case 24: {
      const std::uint8_t* at = row.bytes + index * 3;
      const bool little = std::endian::native == std::endian::little;
      return std::uint32_t{at[little ? 2 : 0]} << 16 | std::uint32_t{at[1]} << 8 | at[little ? 0 : 2];
    }
    case 32:
      return load<std::uint32_t>(row.bytes + index * 4);
    default:
      break;
  }
  const auto bits = static_cast<std::size_t>(row.bits);
  std::size_t bit = index * bits;
  std::uint32_t code = 0;
  for (std::size_t left = bits; left > 0;) {
    const std::size_t in_byte = 8 - bit % 8;
    const std::size_t take = std::min(left, in_byte);
    const unsigned part = (row.bytes[bit / 8] >> (in_byte - take)) & ((1U << take) - 1);
    code = code << take | part;
    bit += take;
    left -= take;
  }
  return code;
}

/// IEEE 754 binary16, every one of which is a float.
float half_to_float(std::uint16_t half) noexcept {
  const bool negative = (half & 0x8000U) != 0;
  const int exponent = half >> 10 & 0x1F;
  const int fraction = half & 0x3FF;
  constexpr int kSpecial = 31;
  float value = 0;
  if (exponent == kSpecial) {
    value = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    value = std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25);
  }
  return negative ? -value : value;
}

std::uint8_t to_byte(std::uint32_t code, int bits, bool index) noexcept {
  if (bits > 8) return static_cast<std::uint8_t>(code >> (bits - 8));
  if (bits == 8 || index) return static_cast<std::uint8_t>(code);
  const std::uint32_t most = (1U << bits) - 1;
  return static_cast<std::uint8_t>((code * 255 + most / 2) / most);
}

}  // namespace

void unpack_row(const TiffRow& row, const TiffLayout& layout, int channels, std::size_t step, std::uint8_t* out) {
  const unsigned flip = layout.inverted ? 0xFF : 0;
  if (row.bits != 8 && row.bits != 16) {
    const bool index = layout.mode == Mode::kPalette;
    const auto in_step = static_cast<std::size_t>(row.samples);
    for (std::size_t x = 0; x < row.pixels; ++x, out += step) {
      for (int c = 0; c < channels; ++c) {
        const std::uint32_t code = code_of(row, x * in_step + static_cast<std::size_t>(c));
        out[c] = static_cast<std::uint8_t>(to_byte(code, row.bits, index) ^ flip);
      }
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
  if (row.bits == 16) {
    std::memcpy(out, row.bytes, row.pixels * sizeof(*out));
    return;
  }
  for (std::size_t x = 0; x < row.pixels; ++x) out[x] = static_cast<std::uint16_t>(code_of(row, x));
}

void unpack_row(const TiffRow& row, std::uint32_t* out) {
  for (std::size_t x = 0; x < row.pixels; ++x) out[x] = code_of(row, x);
}

void unpack_row(const TiffRow& row, std::int32_t* out) {
  const int unused = 32 - row.bits;
  for (std::size_t x = 0; x < row.pixels; ++x) out[x] = static_cast<std::int32_t>(code_of(row, x) << unused) >> unused;
}

void unpack_row(const TiffRow& row, float* out) {
  if (row.bits == 32) {
    std::memcpy(out, row.bytes, row.pixels * sizeof(*out));
    return;
  }
  for (std::size_t x = 0; x < row.pixels; ++x) out[x] = half_to_float(static_cast<std::uint16_t>(code_of(row, x)));
}

bool unpack_row(const TiffRow& row, int format, double* out) {
  constexpr int kFloat = 3;
  constexpr int kSigned = 2;
  constexpr double kFar = 1e300;                    // sums of two stay finite
  constexpr double kExact = 9'007'199'254'740'992;  // 2^53: whole numbers up to here are doubles
  bool fits = true;
  for (std::size_t x = 0; x < row.pixels; ++x) {
    const std::uint8_t* at = row.bytes + x * sizeof(double);
    out[x] = format == kFloat    ? load<double>(at)
             : format == kSigned ? static_cast<double>(load<std::int64_t>(at))
                                 : static_cast<double>(load<std::uint64_t>(at));
    fits = fits && (!std::isfinite(out[x]) || std::abs(out[x]) <= (format == kFloat ? kFar : kExact));
  }
  return fits;
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
