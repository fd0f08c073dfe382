#include "archive/scan/dots.hpp"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mi2::archive::scan {
namespace {

/// Rows that are fetched before they are needed: the processor's own prefetching stops at every page, and does not
/// know which rows a filter leaves out.
constexpr std::size_t kAhead = 6;

void dots_portable(const std::uint8_t* codes, std::size_t stride, const std::uint16_t* rows, std::size_t count,
                   const std::int8_t* columns, std::int32_t* first, std::int32_t* second) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* row = codes + rows[i] * stride;
    std::int32_t a = 0;
    std::int32_t b = 0;
    for (std::size_t j = 0; j < stride; ++j) {
      a += row[j] * columns[j];
      b += row[j] * columns[stride + j];
    }
    first[i] = a;
    second[i] = b;
  }
}

#if defined(__x86_64__)
using Ints4 = std::int32_t __attribute__((vector_size(16)));
using Ints8 = std::int32_t __attribute__((vector_size(32)));
using Ints16 = std::int32_t __attribute__((vector_size(64)));

#define MI2_AVX2 __attribute__((target("avx2")))
#define MI2_AVX512 __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq")))
#define MI2_VNNI __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define MI2_INSIDE __attribute__((always_inline)) inline

MI2_AVX2 MI2_INSIDE std::int32_t sum_of(const __m256i& vector) {
  const auto v = reinterpret_cast<Ints8>(vector);
  const Ints4 four = __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
  const Ints4 two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1);
  return two[0] + two[1];
}

MI2_AVX512 MI2_INSIDE std::int32_t sum_of_16(const __m512i& vector) {
  const auto v = reinterpret_cast<Ints16>(vector);
  const Ints8 eight = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
                      __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  const Ints4 four =
      __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  const Ints4 two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1);
  return two[0] + two[1];
}

MI2_AVX2 void dots_avx2(const std::uint8_t* codes, std::size_t stride, const std::uint16_t* rows, std::size_t count,
                        const std::int8_t* columns, std::int32_t* first, std::int32_t* second) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* row = codes + rows[i] * stride;
    const std::uint8_t* later = codes + rows[std::min(i + kAhead, count - 1)] * stride;
    __m256i a = _mm256_setzero_si256();
    __m256i b = _mm256_setzero_si256();
    for (std::size_t j = 0; j < stride; j += 16) {
      if (j % 64 == 0) _mm_prefetch(reinterpret_cast<const char*>(later + j), _MM_HINT_T0);
      const __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + j)));
      const __m256i p = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(columns + j)));
      const __m256i q = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(columns + stride + j)));
      a = _mm256_add_epi32(a, _mm256_madd_epi16(x, p));
      b = _mm256_add_epi32(b, _mm256_madd_epi16(x, q));
    }
    first[i] = sum_of(a);
    second[i] = sum_of(b);
  }
}

MI2_AVX512 void dots_avx512(const std::uint8_t* codes, std::size_t stride, const std::uint16_t* rows, std::size_t count,
                            const std::int8_t* columns, std::int32_t* first, std::int32_t* second) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* row = codes + rows[i] * stride;
    const std::uint8_t* later = codes + rows[std::min(i + kAhead, count - 1)] * stride;
    __m512i a = _mm512_setzero_si512();
    __m512i b = _mm512_setzero_si512();
    for (std::size_t j = 0; j < stride; j += 32) {
      if (j % 64 == 0) _mm_prefetch(reinterpret_cast<const char*>(later + j), _MM_HINT_T0);
      const __m512i x = _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + j)));
      const __m512i p = _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns + j)));
      const __m512i q =
          _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns + stride + j)));
      a = _mm512_add_epi32(a, _mm512_madd_epi16(x, p));
      b = _mm512_add_epi32(b, _mm512_madd_epi16(x, q));
    }
    first[i] = sum_of_16(a);
    second[i] = sum_of_16(b);
  }
}

MI2_VNNI void dots_vnni(const std::uint8_t* codes, std::size_t stride, const std::uint16_t* rows, std::size_t count,
                        const std::int8_t* columns, std::int32_t* first, std::int32_t* second) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* row = codes + rows[i] * stride;
    const std::uint8_t* later = codes + rows[std::min(i + kAhead, count - 1)] * stride;
    // Two sums a column: a step need not wait for the one before.
    __m512i a[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    __m512i b[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    std::size_t j = 0;
    for (; j + 128 <= stride; j += 128) {
      _mm_prefetch(reinterpret_cast<const char*>(later + j), _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char*>(later + j + 64), _MM_HINT_T0);
      const __m512i x = _mm512_loadu_si512(row + j);
      const __m512i y = _mm512_loadu_si512(row + j + 64);
      a[0] = _mm512_dpbusd_epi32(a[0], x, _mm512_loadu_si512(columns + j));
      b[0] = _mm512_dpbusd_epi32(b[0], x, _mm512_loadu_si512(columns + stride + j));
      a[1] = _mm512_dpbusd_epi32(a[1], y, _mm512_loadu_si512(columns + j + 64));
      b[1] = _mm512_dpbusd_epi32(b[1], y, _mm512_loadu_si512(columns + stride + j + 64));
    }
    if (j < stride) {
      const __m512i x = _mm512_loadu_si512(row + j);
      a[0] = _mm512_dpbusd_epi32(a[0], x, _mm512_loadu_si512(columns + j));
      b[0] = _mm512_dpbusd_epi32(b[0], x, _mm512_loadu_si512(columns + stride + j));
    }
    first[i] = sum_of_16(_mm512_add_epi32(a[0], a[1]));
    second[i] = sum_of_16(_mm512_add_epi32(b[0], b[1]));
  }
}
#endif

}  // namespace

Dots dots_for(ops::cpu::Isa isa) noexcept {
#if defined(__x86_64__)
  if (isa >= ops::cpu::Isa::kAvx512Vnni) return dots_vnni;
  if (isa == ops::cpu::Isa::kAvx512) return dots_avx512;
  if (isa == ops::cpu::Isa::kAvx2) return dots_avx2;
#endif
  static_cast<void>(isa);
  return dots_portable;
}

}  // namespace mi2::archive::scan
