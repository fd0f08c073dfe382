#include "image/transpose.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace mi2::image {
namespace {

using From = Lines<const std::uint8_t>;
using To = Lines<std::uint8_t>;

constexpr std::size_t kSide = 16;  ///< of the squares that are moved at once: their lines stay in the first cache

template <std::size_t kChannels>
void move_pixel(const std::uint8_t* from, std::uint8_t* to) noexcept {
  std::memcpy(to, from, kChannels);
}

template <std::size_t kChannels>
void move_square(From from, To to, std::size_t lines, std::size_t pixels) noexcept {
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t j = 0; j < lines; ++j) {
      move_pixel<kChannels>(from.data + j * from.stride + i * kChannels, to.data + i * to.stride + j * kChannels);
    }
  }
}

/// Four bytes are one move where three are two: the fourth is the next pixel's, and is written again with it.
template <>
void move_square<3>(From from, To to, std::size_t lines, std::size_t pixels) noexcept {
  for (std::size_t i = 0; i + 1 < pixels; ++i) {
    const std::uint8_t* in = from.data + i * 3;
    std::uint8_t* out = to.data + i * to.stride;
    for (std::size_t j = 0; j + 1 < lines; ++j) move_pixel<4>(in + j * from.stride, out + j * 3);
    move_pixel<3>(in + (lines - 1) * from.stride, out + (lines - 1) * 3);
  }
  for (std::size_t j = 0; j < lines; ++j) {
    move_pixel<3>(from.data + j * from.stride + (pixels - 1) * 3, to.data + (pixels - 1) * to.stride + j * 3);
  }
}

#if defined(__x86_64__)
/// 16 x 16 bytes. Interleaving line j with line j + 8, four times over, makes line i of byte i of each.
void move_bytes(From from, To to) noexcept {
  __m128i a[kSide];
  __m128i b[kSide];
  for (std::size_t j = 0; j < kSide; ++j) {
    a[j] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from.data + j * from.stride));
  }
  for (int round = 0; round < 4; ++round) {
    for (std::size_t j = 0; j < kSide / 2; ++j) {
      b[2 * j] = _mm_unpacklo_epi8(a[j], a[j + kSide / 2]);
      b[2 * j + 1] = _mm_unpackhi_epi8(a[j], a[j + kSide / 2]);
    }
    std::copy_n(b, kSide, a);
  }
  for (std::size_t i = 0; i < kSide; ++i) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to.data + i * to.stride), a[i]);
  }
}
#endif

template <std::size_t kChannels>
void transpose_as(From from, To to, std::size_t lines, std::size_t pixels) noexcept {
  for (std::size_t j = 0; j < lines; j += kSide) {
    for (std::size_t i = 0; i < pixels; i += kSide) {
      const From in{from.data + j * from.stride + i * kChannels, from.stride};
      const To out{to.data + i * to.stride + j * kChannels, to.stride};
      const std::size_t high = std::min(kSide, lines - j);
      const std::size_t wide = std::min(kSide, pixels - i);
#if defined(__x86_64__)
      if (kChannels == 1 && high == kSide && wide == kSide) {
        move_bytes(in, out);
        continue;
      }
#endif
      move_square<kChannels>(in, out, high, wide);
    }
  }
}

}  // namespace

void transpose(From from, To to, std::size_t lines, std::size_t pixels, std::size_t channels) {
  constexpr std::array kTranspose = {transpose_as<1>, transpose_as<2>, transpose_as<3>, transpose_as<4>};
  kTranspose.at(channels - 1)(from, to, lines, pixels);
}

}  // namespace mi2::image
