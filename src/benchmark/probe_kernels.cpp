#include "benchmark/probe_kernels.hpp"

#include <array>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace mi2::benchmark {
namespace {

// Each loop has as many independent sums as hide the latency of its instruction, few enough to stay in registers beside
// the two factors. A sum's factors come from volatile memory and sums start apart, so that nothing can be computed
// ahead or shared; x <- x * 0.5 + 1 stays near 2, and integer sums may wrap.

const volatile float scale = 0.5F;
const volatile float offset = 1.0F;

constexpr int kPortableSums = 32;

float portable_fma(std::int64_t rounds) {
  std::array<float, kPortableSums> sums{};
  for (int i = 0; i < kPortableSums; ++i) sums[i] = static_cast<float>(i);
  const float a = scale;
  const float b = offset;
  for (std::int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < kPortableSums; ++i) sums[i] = sums[i] * a + b;
  }
  float total = 0;
  for (const float sum : sums) total += sum;
  return total;
}

bool always() { return true; }

#if defined(__x86_64__)

constexpr int kSums256 = 12;
constexpr int kSums512 = 16;

__attribute__((target("avx2,fma"))) float avx2_fma(std::int64_t rounds) {
  __m256 sums[kSums256];
  for (int i = 0; i < kSums256; ++i) sums[i] = _mm256_set1_ps(static_cast<float>(i));
  const __m256 a = _mm256_set1_ps(scale);
  const __m256 b = _mm256_set1_ps(offset);
  for (std::int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < kSums256; ++i) sums[i] = _mm256_fmadd_ps(sums[i], a, b);
  }
  __m256 total = _mm256_setzero_ps();
  for (int i = 0; i < kSums256; ++i) total = _mm256_add_ps(total, sums[i]);
  return _mm256_cvtss_f32(total);
}

/// Bytes without a dot product of their own, exactly: as pairs of 16 bits, whose products are added in pairs.
__attribute__((target("avx2"))) float avx2_int8(std::int64_t rounds) {
  __m256i sums[kSums256];
  for (int i = 0; i < kSums256; ++i) sums[i] = _mm256_set1_epi32(i);
  __m256i a = _mm256_set1_epi16(static_cast<short>(scale * 4.0F));
  const __m256i b = _mm256_set1_epi16(static_cast<short>(offset));
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums256; ++i) {
      __m256i sum = _mm256_add_epi32(sums[i], _mm256_madd_epi16(a, b));
      __asm__("" : "+x"(sum), "+x"(a));  // or the compiler would multiply but once
      sums[i] = sum;
    }
  }
  __m256i total = _mm256_setzero_si256();
  for (int i = 0; i < kSums256; ++i) total = _mm256_add_epi32(total, sums[i]);
  return static_cast<float>(_mm256_extract_epi32(total, 0));
}

__attribute__((target("avx512f"))) float avx512_fma(std::int64_t rounds) {
  __m512 sums[kSums512];
  for (int i = 0; i < kSums512; ++i) sums[i] = _mm512_set1_ps(static_cast<float>(i));
  const __m512 a = _mm512_set1_ps(scale);
  const __m512 b = _mm512_set1_ps(offset);
  for (std::int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < kSums512; ++i) sums[i] = _mm512_fmadd_ps(sums[i], a, b);
  }
  __m512 total = _mm512_setzero_ps();
  for (int i = 0; i < kSums512; ++i) total = _mm512_add_ps(total, sums[i]);
  alignas(64) std::array<float, 16> lanes;
  _mm512_store_ps(lanes.data(), total);
  return lanes[0];
}

__attribute__((target("avx512f,avx512bf16"))) float avx512_bf16_dot(std::int64_t rounds) {
  __m512 sums[kSums512];
  for (int i = 0; i < kSums512; ++i) sums[i] = _mm512_set1_ps(static_cast<float>(i));
  const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(scale), _mm512_set1_ps(scale));
  const __m512bh b = _mm512_cvtne2ps_pbh(_mm512_set1_ps(offset), _mm512_set1_ps(offset));
  for (std::int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < kSums512; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
  }
  __m512 total = _mm512_setzero_ps();
  for (int i = 0; i < kSums512; ++i) total = _mm512_add_ps(total, sums[i]);
  alignas(64) std::array<float, 16> lanes;
  _mm512_store_ps(lanes.data(), total);
  return lanes[0];
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) float avx512_vnni(std::int64_t rounds) {
  __m512i sums[kSums512];
  for (int i = 0; i < kSums512; ++i) sums[i] = _mm512_set1_epi32(i);
  const __m512i a = _mm512_set1_epi8(static_cast<char>(scale * 4.0F));
  const __m512i b = _mm512_set1_epi8(static_cast<char>(offset));
  for (std::int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < kSums512; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
  }
  __m512i total = _mm512_setzero_si512();
  for (int i = 0; i < kSums512; ++i) total = _mm512_add_epi32(total, sums[i]);
  alignas(64) std::array<std::int32_t, 16> lanes;
  _mm512_store_si512(lanes.data(), total);
  return static_cast<float>(lanes[0]);
}

__attribute__((target("avx2,avxvnni"))) float avx_vnni(std::int64_t rounds) {
  __m256i sums[kSums256];
  for (int i = 0; i < kSums256; ++i) sums[i] = _mm256_set1_epi32(i);
  const __m256i a = _mm256_set1_epi8(static_cast<char>(scale * 4.0F));
  const __m256i b = _mm256_set1_epi8(static_cast<char>(offset));
  for (std::int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < kSums256; ++i) sums[i] = _mm256_dpbusd_avx_epi32(sums[i], a, b);
  }
  __m256i total = _mm256_setzero_si256();
  for (int i = 0; i < kSums256; ++i) total = _mm256_add_epi32(total, sums[i]);
  return static_cast<float>(_mm256_extract_epi32(total, 0));
}

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); }
bool has_avx512_bf16() { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }
bool has_avx512_vnni() { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }

/// AVX-VNNI: leaf 7, sub-leaf 1, EAX bit 4. Compilers of today do not know its name.
bool has_avx_vnni() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & (1U << 4)) != 0;
}

#endif

// A multiplication and an addition are two: 8 or 16 lanes of f32; 2 products a lane for bf16, 4 for int8. A product of
// tiles is 16 rows by 16 columns by 32 (bf16) or 64 (int8).
constexpr std::array kKernels {
  ProbeKernel{"multiply-add portable", "f32", kPortableSums * 2.0, portable_fma, always},
#if defined(__x86_64__)
      ProbeKernel{"fma avx2", "f32", kSums256 * 8 * 2.0, avx2_fma, has_avx2},
      ProbeKernel{"fma avx512", "f32", kSums512 * 16 * 2.0, avx512_fma, has_avx512},
      ProbeKernel{"dot avx512", "bf16", kSums512 * 16 * 4.0, avx512_bf16_dot, has_avx512_bf16},
      ProbeKernel{"tiles amx", "bf16", kAmxTiles * 16 * 16 * 32 * 2.0, amx_bf16_dot, has_amx_bf16},
      ProbeKernel{"multiply-add avx2", "int8", kSums256 * 8 * 4.0, avx2_int8, has_avx2},
      ProbeKernel{"vnni avx2", "int8", kSums256 * 8 * 8.0, avx_vnni, has_avx_vnni},
      ProbeKernel{"vnni avx512", "int8", kSums512 * 16 * 8.0, avx512_vnni, has_avx512_vnni},
      ProbeKernel{"tiles amx", "int8", kAmxTiles * 16 * 16 * 64 * 2.0, amx_int8_dot, has_amx_int8},
#endif
};

}  // namespace

std::span<const ProbeKernel> probe_kernels() { return kKernels; }

}  // namespace mi2::benchmark
