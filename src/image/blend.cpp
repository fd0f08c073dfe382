#include "image/blend.hpp"

#include <algorithm>
#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mi2::image {
namespace {

constexpr std::uint32_t kHalf = 1U << (kWeightBits - 1);
constexpr std::uint32_t kLowBits = 0x7FFF;

/// Sums wrap as unsigned numbers do; what they come to in the end fits 32 bits with a sign.
std::uint8_t clip(std::uint32_t sum) noexcept {
  return static_cast<std::uint8_t>(std::clamp(static_cast<std::int32_t>(sum) >> kWeightBits, 0, 255));
}

void pack_plain(std::span<const std::int32_t> weights, std::vector<std::uint32_t>& to) {
  for (const std::int32_t weight : weights) to.push_back(static_cast<std::uint32_t>(weight));
}

void blend_plain(const Blend& job) {
  constexpr std::size_t kLanes = 32;
  for (std::size_t x = 0; x < job.width; x += kLanes) {
    const std::size_t lanes = std::min(kLanes, job.width - x);
    std::array<std::uint32_t, kLanes> sums;
    sums.fill(kHalf);
    for (int i = 0; i < job.count; ++i) {
      const std::uint8_t* in = job.in + static_cast<std::size_t>(i) * job.stride + x;
      const std::uint32_t weight = job.weights[i];
      for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += in[lane] * weight;
    }
    for (std::size_t lane = 0; lane < lanes; ++lane) job.out[x + lane] = clip(sums[lane]);
  }
}

#if defined(__x86_64__)

/// Samples x .. x + lanes - 1, of at least 1, from weights in halves.
void blend_halves(const Blend& job, std::size_t x, std::size_t lanes) {
  for (std::size_t at = x; at < x + lanes; ++at) {
    std::uint32_t sum = kHalf;
    for (int i = 0; i < job.count; ++i) {
      const std::uint32_t* pair = job.weights + i / 2 * 2;
      const std::uint32_t low = i % 2 == 0 ? pair[0] & 0xFFFFU : pair[0] >> 16;
      const auto high = static_cast<std::int16_t>(i % 2 == 0 ? pair[1] & 0xFFFFU : pair[1] >> 16);
      const std::uint32_t weight = low + (static_cast<std::uint32_t>(static_cast<std::int32_t>(high)) << 15U);
      sum += job.in[static_cast<std::size_t>(i) * job.stride + at] * weight;
    }
    job.out[at] = clip(sum);
  }
}

constexpr std::size_t kAvx2Lanes = 32;

/// Samples x .. x + 31. Rows are taken in pairs: a product of 16-bit halves adds the two.
[[gnu::target("avx2")]] void blend_avx2_lanes(const Blend& job, std::size_t x) {
  __m256i low[4];
  __m256i high[4];
  for (std::size_t i = 0; i < 4; ++i) low[i] = high[i] = _mm256_setzero_si256();
  const __m256i zero = _mm256_setzero_si256();
  for (int i = 0; i < job.count; i += 2) {
    const std::uint8_t* in = job.in + static_cast<std::size_t>(i) * job.stride + x;
    const std::uint8_t* next = i + 1 < job.count ? in + job.stride : in;  // whose weight is zero
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(next));
    const __m256i front = _mm256_unpacklo_epi8(a, b);
    const __m256i back = _mm256_unpackhi_epi8(a, b);
    const __m256i pairs[] = {_mm256_unpacklo_epi8(front, zero), _mm256_unpackhi_epi8(front, zero),
                             _mm256_unpacklo_epi8(back, zero), _mm256_unpackhi_epi8(back, zero)};
    const __m256i low_weights = _mm256_set1_epi32(static_cast<std::int32_t>(job.weights[i]));
    const __m256i high_weights = _mm256_set1_epi32(static_cast<std::int32_t>(job.weights[i + 1]));
    for (std::size_t part = 0; part < 4; ++part) {
      low[part] = _mm256_add_epi32(low[part], _mm256_madd_epi16(pairs[part], low_weights));
      high[part] = _mm256_add_epi32(high[part], _mm256_madd_epi16(pairs[part], high_weights));
    }
  }
  const __m256i half = _mm256_set1_epi32(static_cast<std::int32_t>(kHalf));
  for (std::size_t part = 0; part < 4; ++part) {
    const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(low[part], half), _mm256_slli_epi32(high[part], 15));
    low[part] = _mm256_srai_epi32(sum, kWeightBits);
  }
  // Packing saturates, which clips, and undoes the order of the unpacking: both work on halves of 128 bits.
  const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(low[0], low[1]), _mm256_packs_epi32(low[2], low[3]));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(job.out + x), bytes);
}

void blend_avx2(const Blend& job) {
  if (job.width < kAvx2Lanes) {
    blend_halves(job, 0, job.width);
    return;
  }
  // What is left at the end overlaps what came before.
  for (std::size_t x = 0; x < job.width; x += kAvx2Lanes) blend_avx2_lanes(job, std::min(x, job.width - kAvx2Lanes));
}

/// Sixteen numbers: shifts of them are the compiler's, whose own header makes it warn.
using Words = std::int32_t __attribute__((vector_size(64)));

/// Four rows by columns: in each 32 bits the four samples of a column.
struct Quads {
  __m512i part[4];
};

[[gnu::target("avx512f,avx512bw,avx512vnni"), gnu::always_inline]] inline Quads interleave(const __m512i (&rows)[4]) {
  const __m512i front_ab = _mm512_unpacklo_epi8(rows[0], rows[1]);
  const __m512i back_ab = _mm512_unpackhi_epi8(rows[0], rows[1]);
  const __m512i front_cd = _mm512_unpacklo_epi8(rows[2], rows[3]);
  const __m512i back_cd = _mm512_unpackhi_epi8(rows[2], rows[3]);
  return {{_mm512_unpacklo_epi16(front_ab, front_cd), _mm512_unpackhi_epi16(front_ab, front_cd),
           _mm512_unpacklo_epi16(back_ab, back_cd), _mm512_unpackhi_epi16(back_ab, back_cd)}};
}

/// 64 samples at a time, fewer at the end. Rows are taken in fours: a product of bytes adds them.
[[gnu::target("avx512f,avx512bw,avx512vnni")]] void blend_vnni(const Blend& job) {
  constexpr std::size_t kLanes = 64;
  for (std::size_t x = 0; x < job.width; x += kLanes) {
    const std::size_t lanes = std::min(kLanes, job.width - x);
    const __mmask64 mask = ~std::uint64_t{0} >> (kLanes - lanes);
    __m512i sums[3][4];
    for (auto& of_byte : sums) {
      for (__m512i& sum : of_byte) sum = _mm512_setzero_si512();
    }
    const std::uint32_t* weights = job.weights;
    for (int i = 0; i < job.count; i += 4, weights += 3) {
      __m512i rows[4];
      for (int r = 0; r < 4; ++r) {
        const int row = std::min(i + r, job.count - 1);  // past the last, weights are zero
        rows[r] = _mm512_maskz_loadu_epi8(mask, job.in + static_cast<std::size_t>(row) * job.stride + x);
      }
      const Quads quads = interleave(rows);
      for (std::size_t byte = 0; byte < 3; ++byte) {
        const __m512i four = _mm512_set1_epi32(static_cast<std::int32_t>(weights[byte]));
        for (std::size_t part = 0; part < 4; ++part) {
          sums[byte][part] = _mm512_dpbusd_epi32(sums[byte][part], quads.part[part], four);
        }
      }
    }
    __m512i words[4];
    for (std::size_t part = 0; part < 4; ++part) {
      const Words sum = reinterpret_cast<Words>(sums[0][part]) + (reinterpret_cast<Words>(sums[1][part]) << 8) +
                        (reinterpret_cast<Words>(sums[2][part]) << 16);
      words[part] = reinterpret_cast<__m512i>((sum + static_cast<std::int32_t>(kHalf)) >> kWeightBits);
    }
    const __m512i bytes =
        _mm512_packus_epi16(_mm512_packs_epi32(words[0], words[1]), _mm512_packs_epi32(words[2], words[3]));
    _mm512_mask_storeu_epi8(job.out + x, mask, bytes);
  }
}

#endif

constexpr std::array kKernels = {
    BlendKernel{"plain", pack_plain, blend_plain},
#if defined(__x86_64__)
    BlendKernel{"avx2", pack_halves, blend_avx2},
    BlendKernel{"avx512_vnni", pack_signed_bytes, blend_vnni},
#endif
};

std::size_t count_supported() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") == 0) return 1;
  const bool vnni = __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
  return vnni ? 3 : 2;
#else
  return 1;
#endif
}

}  // namespace

std::span<const BlendKernel> blend_kernels() {
  static const std::size_t supported = count_supported();
  return std::span(kKernels).first(supported);
}

const BlendKernel& best_blend_kernel() { return blend_kernels().back(); }

void pack_signed_bytes(std::span<const std::int32_t> weights, std::vector<std::uint32_t>& to) {
  for (std::size_t i = 0; i < weights.size(); i += 4) {
    std::array<std::uint32_t, 3> words{};
    for (std::size_t j = 0; j < 4 && i + j < weights.size(); ++j) {
      std::int32_t rest = weights[i + j];
      for (std::uint32_t& word : words) {
        const auto byte = static_cast<std::int8_t>(static_cast<std::uint8_t>(rest & 0xFF));
        word |= std::uint32_t{static_cast<std::uint8_t>(byte)} << (8 * j);
        rest = (rest - byte) / 256;
      }
    }
    to.insert(to.end(), words.begin(), words.end());
  }
}

void pack_halves(std::span<const std::int32_t> weights, std::vector<std::uint32_t>& to) {
  for (std::size_t i = 0; i < weights.size(); i += 2) {
    const std::int32_t second = i + 1 < weights.size() ? weights[i + 1] : 0;
    const auto pair = [](std::int32_t a, std::int32_t b) {
      return static_cast<std::uint32_t>(a & 0xFFFF) | static_cast<std::uint32_t>(b & 0xFFFF) << 16U;
    };
    to.push_back(pair(weights[i] & static_cast<std::int32_t>(kLowBits), second & static_cast<std::int32_t>(kLowBits)));
    to.push_back(pair(weights[i] >> 15, second >> 15));
  }
}

}  // namespace mi2::image
