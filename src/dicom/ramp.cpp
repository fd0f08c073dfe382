#include "dicom/ramp.hpp"

#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mi2::dicom {
namespace {

/// How the bits of a word are a stored value.
struct Bits {
  unsigned shift;
  std::uint32_t mask;
  std::uint32_t sign;

  explicit Bits(const Layout& layout) noexcept
      : shift(layout.high_bit + 1 - layout.stored),
        mask((1U << layout.stored) - 1),
        sign(layout.is_signed ? 1U << (layout.stored - 1) : 0) {}
};

template <typename Word>
void shade_plain(const std::uint8_t* from, std::size_t count, const Bits& bits, const Ramp& ramp,
                 std::uint8_t* to) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    Word word = 0;
    std::memcpy(&word, from + i * sizeof word, sizeof word);
    const std::uint32_t level = (std::uint32_t{word} >> bits.shift & bits.mask) ^ bits.sign;
    to[i] = ramp(static_cast<std::int32_t>(level) - static_cast<std::int32_t>(bits.sign));
  }
}

#if defined(__x86_64__)

constexpr std::size_t kLanes = 16;

template <typename Word>
[[gnu::target("avx2")]] inline __m256i load_words(const std::uint8_t* from) noexcept {
  if constexpr (sizeof(Word) == 2) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

/// Both arguments' samples, in order. Packing cuts at 0 and 255.
[[gnu::target("avx2")]] inline __m256i in_order(__m256i first, __m256i second) noexcept {
  return _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xD8);
}

/// The same numbers as shade_plain(), 32 at a time.
template <typename Word>
[[gnu::target("avx2")]] void shade_avx2(const std::uint8_t* from, std::size_t count, const Bits& bits, const Ramp& ramp,
                                        std::uint8_t* to) noexcept {
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(bits.shift));
  const __m256i mask = _mm256_set1_epi16(static_cast<std::int16_t>(bits.mask));
  const __m256i sign = _mm256_set1_epi16(static_cast<std::int16_t>(bits.sign));
  const __m256i base = _mm256_set1_epi32(ramp.base() + static_cast<std::int32_t>(bits.sign));
  const __m256 rise = _mm256_set1_ps(ramp.rise());
  const __m256 start = _mm256_set1_ps(ramp.start());
  const auto line = [&](__m256i levels) __attribute__((target("avx2"), always_inline)) {
    const __m256 x = _mm256_cvtepi32_ps(_mm256_sub_epi32(levels, base));
    return _mm256_cvttps_epi32(_mm256_add_ps(_mm256_mul_ps(x, rise), start));
  };
  const auto shades = [&](const std::uint8_t* at) __attribute__((target("avx2"), always_inline)) {
    const __m256i stored = _mm256_and_si256(_mm256_srl_epi16(load_words<Word>(at), shift), mask);
    const __m256i levels = _mm256_xor_si256(stored, sign);
    const __m256i zero = _mm256_setzero_si256();
    return _mm256_packs_epi32(line(_mm256_unpacklo_epi16(levels, zero)), line(_mm256_unpackhi_epi16(levels, zero)));
  };
  std::size_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    const std::uint8_t* at = from + i * sizeof(Word);
    const __m256i out = in_order(shades(at), shades(at + kLanes * sizeof(Word)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), out);
  }
  shade_plain<Word>(from + i * sizeof(Word), count - i, bits, ramp, to + i);
}

#endif

template <typename Word>
void shade_all(const Frame& frame, const Ramp& ramp, std::vector<std::uint8_t>& out) noexcept {
  const Bits bits(frame.layout);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    return shade_avx2<Word>(frame.bytes.data(), out.size(), bits, ramp, out.data());
  }
#endif
  shade_plain<Word>(frame.bytes.data(), out.size(), bits, ramp, out.data());
}

}  // namespace

std::int32_t Ramp::end_of_run(std::int32_t first, std::int32_t last) const noexcept {
  const std::uint8_t shade = (*this)(first);
  // Half of the runs are as long as the rise makes them; the ends, black and white, may be of any length.
  const double usual = 2 / std::abs(static_cast<double>(rise_)) + 2;
  std::int32_t same = first;
  std::int32_t other = last + 1;  // or past the end
  if (usual < static_cast<double>(last - first)) {
    const std::int32_t probe = first + static_cast<std::int32_t>(usual);
    ((*this)(probe) == shade ? same : other) = probe;
  }
  while (other - same > 1) {
    const std::int32_t between = same + (other - same) / 2;
    ((*this)(between) == shade ? same : other) = between;
  }
  return same;
}

std::optional<Ramp> Ramp::of(const Layout& layout, const Line& line,
                             const std::function<std::uint8_t(double stored)>& exact) {
  constexpr double kSteepest = 1e3;
  constexpr double kFarthest = 1e6;  // so that 32 bits hold all that the line can come to
  // Where exact arithmetic rounds a half up, that of floats may not without it.
  constexpr double kNudge = 1.0 / 32768;
  if (layout.floating || (layout.allocated != 8 && layout.allocated != 16)) return std::nullopt;
  const bool sane = std::abs(line.rise) <= kSteepest && std::abs(line.middle) <= kFarthest &&
                    std::abs(line.shade) <= kFarthest && line.rise != 0;
  if (!sane) return std::nullopt;
  const auto base = static_cast<std::int32_t>(std::floor(line.middle));
  const double start = line.shade + (base - line.middle) * line.rise + kNudge;
  const Ramp ramp(static_cast<float>(line.rise), base, static_cast<float>(start));
  const Bits bits(layout);
  const auto sign = static_cast<std::int32_t>(bits.sign);
  const std::int32_t last = static_cast<std::int32_t>(bits.mask) - sign;
  // Neither turns back, so that what is equal at both ends of a run of one shade is equal all through it.
  for (std::int32_t first = -sign; first <= last;) {
    const std::int32_t end = ramp.end_of_run(first, last);
    const std::uint8_t shade = ramp(first);
    if (exact(first) != shade || exact(end) != shade) return std::nullopt;
    first = end + 1;
  }
  return ramp;
}

std::vector<std::uint8_t> shaded(const Frame& frame, const Ramp& ramp) {
  std::vector<std::uint8_t> out(frame.layout.pixels());
  if (frame.layout.allocated == 8) {
    shade_all<std::uint8_t>(frame, ramp, out);
  } else {
    shade_all<std::uint16_t>(frame, ramp, out);
  }
  return out;
}

}  // namespace mi2::dicom
