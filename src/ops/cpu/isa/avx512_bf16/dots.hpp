// Pairs of bfloat16 multiplied by the processor: sums in f32.

MI2_INLINE Floats dot_pairs(Floats sum, __m512i x, __m512i y) {
  return reinterpret_cast<Floats>(
      _mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), reinterpret_cast<__m512bh>(x), reinterpret_cast<__m512bh>(y)));
}

struct Bf16Dot : FloatSums, WordSteps {
  static constexpr int kRows = kTileRows;
  static constexpr int kPanels = kTilePanels;
  using Right = __m512i;
  static MI2_INLINE Right right(const std::byte* from) { return _mm512_loadu_si512(from); }
  static MI2_INLINE __m512i left(const std::byte* from) { return _mm512_set1_epi32(load_scalar<std::int32_t>(from)); }
  static MI2_INLINE Sum dot(Sum sum, __m512i x, Right y) { return dot_pairs(sum, x, y); }
};

/// f32 as the sum of two bfloat16: 16 bits of fraction. The product of the two small parts, 2^-16 of the whole, is left
/// out. A chunk holds the large parts of 16 steps, then the small ones.
struct SplitDot : FloatSums {
  static constexpr int kRows = 12;
  static constexpr int kPanels = kTilePanels;
  static constexpr int kLeftChunk = 128;
  static constexpr int kRightChunk = 2048;
  static constexpr int kLeftStep = 4;
  static constexpr int kRightStep = 64;
  struct Parts {
    __m512i large;
    __m512i small;
  };
  using Right = Parts;
  static MI2_INLINE Right right(const std::byte* from) {
    return {_mm512_loadu_si512(from), _mm512_loadu_si512(from + kRightChunk / 2)};
  }
  static MI2_INLINE Parts left(const std::byte* from) {
    return {_mm512_set1_epi32(load_scalar<std::int32_t>(from)),
            _mm512_set1_epi32(load_scalar<std::int32_t>(from + kLeftChunk / 2))};
  }
  static MI2_INLINE Sum dot(Sum sum, const Parts& x, const Right& y) {
    return dot_pairs(dot_pairs(dot_pairs(sum, x.small, y.large), x.large, y.small), x.large, y.large);
  }
};
