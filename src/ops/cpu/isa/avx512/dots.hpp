// Bytes by AVX-512's products of 16-bit pairs, for processors without VNNI.

struct PairedS8Dot : IntSums, WordSteps {
  static constexpr int kRows = 8;
  static constexpr int kPanels = 2;
  struct Halves {
    __m512i even;
    __m512i odd;
  };
  using Right = Halves;
  static MI2_INLINE Right right(const std::byte* from) {
    const __m512i x = _mm512_loadu_si512(from);
    return {_mm512_srai_epi16(_mm512_slli_epi16(x, 8), 8), _mm512_srai_epi16(x, 8)};
  }
  static MI2_INLINE Halves left(const std::byte* from) {
    const __m512i x = _mm512_set1_epi32(load_scalar<std::int32_t>(from));
    return {_mm512_and_si512(x, _mm512_set1_epi16(0xFF)), _mm512_srli_epi16(x, 8)};
  }
  static MI2_INLINE Sum dot(Sum sum, const Halves& x, const Right& y) {
    const __m512i products = _mm512_add_epi32(_mm512_madd_epi16(x.even, y.even), _mm512_madd_epi16(x.odd, y.odd));
    return sum + reinterpret_cast<Ints>(products);
  }
};
