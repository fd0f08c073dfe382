// Vectors of floats: the words that every kernel is written in. Included by simd.hpp, after `kLanes`.
// Compiler vector types are used for their arithmetic; the compiler picks the registers.

#define MI2_INLINE inline __attribute__((always_inline))

using Floats = float __attribute__((vector_size(4 * kLanes)));
using Ints = std::int32_t __attribute__((vector_size(4 * kLanes)));
using Shorts = std::uint16_t __attribute__((vector_size(2 * kLanes)));
using SignedShorts = std::int16_t __attribute__((vector_size(4 * kLanes)));
using Bytes = std::uint8_t __attribute__((vector_size(kLanes)));

// x - 0 is x for every x, so that the compiler leaves the subtraction out.
MI2_INLINE Floats splat(float x) { return x - Floats{}; }
MI2_INLINE Ints splat_int(std::int32_t x) { return Ints{} + x; }

// b where either is NaN: a limit therefore comes first, so that a NaN passes it. The processor's own instructions have
// it so; the compiler would compare and select.
#if defined(__AVX512F__)
MI2_INLINE Floats minimum(Floats a, Floats b) {
  return reinterpret_cast<Floats>(
      _mm512_maskz_min_ps(0xFFFF, reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b)));
}
MI2_INLINE Floats maximum(Floats a, Floats b) {
  return reinterpret_cast<Floats>(
      _mm512_maskz_max_ps(0xFFFF, reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b)));
}
#else
MI2_INLINE Floats minimum(Floats a, Floats b) { return a < b ? a : b; }
MI2_INLINE Floats maximum(Floats a, Floats b) { return a > b ? a : b; }
#endif
MI2_INLINE Floats limited(Floats x, float low, float high) { return minimum(splat(high), maximum(splat(low), x)); }

/// a * b + c, one rounding if the processor can. Elsewhere the compiler may decide so where it sees both operations
/// side by side; here it is certain, for what has to have the same bits in functions of different shapes.
MI2_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__)
  return reinterpret_cast<Floats>(_mm512_maskz_fmadd_ps(0xFFFF, reinterpret_cast<__m512>(a),
                                                        reinterpret_cast<__m512>(b), reinterpret_cast<__m512>(c)));
#elif defined(__FMA__)
  return reinterpret_cast<Floats>(
      _mm256_fmadd_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b), reinterpret_cast<__m256>(c)));
#else
  return a * b + c;
#endif
}

/// 1.5 * 2^23: adding it rounds to an integer in the low bits.
constexpr float kRound = 12582912.0F;

// x = n + f with a whole n and f in [0, 1]: f, and p * 2^n. Of x in [-125, 127].
#if defined(__AVX512DQ__)
MI2_INLINE Floats fraction_of(Floats x) {
  constexpr int kDown = 1;
  return reinterpret_cast<Floats>(_mm512_maskz_reduce_ps(0xFFFF, reinterpret_cast<__m512>(x), kDown));
}
MI2_INLINE Floats times_power_of_2(Floats p, Floats x, Floats /*fraction*/) {
  return reinterpret_cast<Floats>(
      _mm512_maskz_scalef_ps(0xFFFF, reinterpret_cast<__m512>(p), reinterpret_cast<__m512>(x)));
}
#else
MI2_INLINE Floats fraction_of(Floats x) { return x - ((x - splat(0.5F)) + splat(kRound) - splat(kRound)); }
MI2_INLINE Floats times_power_of_2(Floats p, Floats x, Floats fraction) {
  const Floats shifted = (x - fraction) + splat(kRound);
  return reinterpret_cast<Floats>(reinterpret_cast<Ints>(p) + (reinterpret_cast<Ints>(shifted) << 23));
}
#endif

MI2_INLINE Floats load(const float* from) {
  Floats x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
MI2_INLINE void store(float* to, Floats x) { __builtin_memcpy(to, &x, sizeof x); }

MI2_INLINE Floats load(const tensor::BFloat16* from) {
  Shorts x;
  __builtin_memcpy(&x, from, sizeof x);
  return reinterpret_cast<Floats>(__builtin_convertvector(x, Ints) << 16);
}
MI2_INLINE Ints load_ints(const void* from) {
  Ints x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
MI2_INLINE void store_ints(void* to, Ints x) { __builtin_memcpy(to, &x, sizeof x); }

/// Of two rows of a matrix, `kBy` apart, the blocks of `kBy` columns that a transposition exchanges.
template <std::int64_t kBy, std::int64_t... kLane>
MI2_INLINE void exchange_blocks(Ints& upper, Ints& lower, std::integer_sequence<std::int64_t, kLane...>) {
  const Ints left = __builtin_shufflevector(upper, lower, ((kLane & kBy) != 0 ? kLanes + kLane - kBy : kLane)...);
  lower = __builtin_shufflevector(upper, lower, ((kLane & kBy) != 0 ? kLanes + kLane : kLane + kBy)...);
  upper = left;
}
template <std::int64_t kBy>
MI2_INLINE void exchange_blocks(Ints (&rows)[kLanes]) {
  for (std::int64_t i = 0; i < kLanes; ++i) {
    if ((i & kBy) == 0) {
      exchange_blocks<kBy>(rows[i], rows[i + kBy], std::make_integer_sequence<std::int64_t, kLanes>{});
    }
  }
}
/// A square of words: rows become columns.
MI2_INLINE void transpose(Ints (&rows)[kLanes]) {
  if constexpr (kLanes == 16) exchange_blocks<8>(rows);
  exchange_blocks<4>(rows);
  exchange_blocks<2>(rows);
  exchange_blocks<1>(rows);
}
/// In each lane a bfloat16 of `low` below one of `high`.
MI2_INLINE Ints interleave(const tensor::BFloat16* low, const tensor::BFloat16* high) {
  Shorts lower;
  Shorts upper;
  __builtin_memcpy(&lower, low, sizeof lower);
  __builtin_memcpy(&upper, high, sizeof upper);
  return __builtin_convertvector(lower, Ints) | __builtin_convertvector(upper, Ints) << 16;
}
/// Round to nearest even; the values here are finite.
MI2_INLINE void store(tensor::BFloat16* to, Floats x) {
#if defined(__AVX512BF16__)
  const __m256bh narrow = _mm512_cvtneps_pbh(reinterpret_cast<__m512>(x));
  __builtin_memcpy(&to->bits, &narrow, sizeof narrow);
#else
  const auto bits = reinterpret_cast<Ints>(x);
  const Ints odd = (bits >> 16) & splat_int(1);
  const Shorts upper = __builtin_convertvector((bits + splat_int(0x7FFF) + odd) >> 16, Shorts);
  __builtin_memcpy(&to->bits, &upper, sizeof upper);
#endif
}

/// Two vectors side by side: a whole line of the cache at once where that is possible.
template <typename Out>
MI2_INLINE void store_both(Out* to, Floats left, Floats right) {
#if defined(__AVX512BF16__)
  if constexpr (std::is_same_v<Out, tensor::BFloat16>) {
    const __m512bh narrow = _mm512_cvtne2ps_pbh(reinterpret_cast<__m512>(right), reinterpret_cast<__m512>(left));
    __builtin_memcpy(&to->bits, &narrow, sizeof narrow);
    return;
  }
#endif
  store(to, left);
  store(to + kLanes, right);
}

/// To the nearest of 0..255.
MI2_INLINE void store(std::uint8_t* to, Floats x) {
#if defined(__AVX512F__)
  // The masked forms, of all lanes: the plain ones look uninitialised to g++ 12.
  const __m512i whole = _mm512_maskz_cvtps_epu32(0xFFFF, reinterpret_cast<__m512>(maximum(x, splat(0.0F))));
  const __m128i bytes = _mm512_maskz_cvtusepi32_epi8(0xFFFF, whole);
#else
  x = minimum(maximum(x, splat(0.0F)), splat(255.0F)) + splat(kRound);
  const Bytes bytes = __builtin_convertvector(reinterpret_cast<Ints>(x) & splat_int(0xFF), Bytes);
#endif
  __builtin_memcpy(to, &bytes, sizeof bytes);
}

MI2_INLINE float widen(float x) { return x; }
MI2_INLINE float widen(tensor::BFloat16 x) { return static_cast<float>(x); }
MI2_INLINE void narrow(float* to, float x) { *to = x; }
MI2_INLINE void narrow(tensor::BFloat16* to, float x) { *to = tensor::BFloat16(x); }

/// Lane i becomes lane i + kBy, around the end.
template <std::size_t kBy, std::size_t... kLane>
MI2_INLINE Floats rotated(Floats x, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(x, x, ((kLane + kBy) % kLanes)...);
}
template <std::size_t kBy>
MI2_INLINE Floats rotated(Floats x) {
  return rotated<kBy>(x, std::make_index_sequence<kLanes>{});
}

/// In pairs, halving: the same order whatever the compiler.
MI2_INLINE float sum(Floats x) {
  if constexpr (kLanes == 16) x += rotated<8>(x);
  x += rotated<4>(x);
  x += rotated<2>(x);
  x += rotated<1>(x);
  return x[0];
}
MI2_INLINE float largest(Floats x) {
  if constexpr (kLanes == 16) x = maximum(x, rotated<8>(x));
  x = maximum(x, rotated<4>(x));
  x = maximum(x, rotated<2>(x));
  x = maximum(x, rotated<1>(x));
  return x[0];
}
