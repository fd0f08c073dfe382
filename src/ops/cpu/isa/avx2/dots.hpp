// Bytes by AVX2's products of 16-bit pairs: as exact as the portable step, for the price of two multiplications.

struct PairedS8Dot : IntSums, WordSteps {
  static constexpr int kRows = 4;
  static constexpr int kPanels = 1;
  struct Halves {
    __m256i even;
    __m256i odd;
  };
  using Right = Halves;
  static MI2_INLINE Right right(const std::byte* from) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return {_mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8), _mm256_srai_epi16(x, 8)};
  }
  static MI2_INLINE Halves left(const std::byte* from) {
    const __m256i x = _mm256_set1_epi32(load_scalar<std::int32_t>(from));
    return {_mm256_and_si256(x, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(x, 8)};
  }
  static MI2_INLINE Sum dot(Sum sum, const Halves& x, const Right& y) {
    const __m256i products = _mm256_add_epi32(_mm256_madd_epi16(x.even, y.even), _mm256_madd_epi16(x.odd, y.odd));
    return sum + reinterpret_cast<Ints>(products);
  }
};
