// Bytes by VNNI: four products and their sum in one instruction. Unsigned by signed, no saturation.

struct VnniDot : IntSums, WordSteps {
  static constexpr int kRows = kTileRows;
  static constexpr int kPanels = kTilePanels;
  using Right = __m512i;
  static MI2_INLINE Right right(const std::byte* from) { return _mm512_loadu_si512(from); }
  static MI2_INLINE __m512i left(const std::byte* from) { return _mm512_set1_epi32(load_scalar<std::int32_t>(from)); }
  static MI2_INLINE Sum dot(Sum sum, __m512i x, Right y) {
    return reinterpret_cast<Ints>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), x, y));
  }
};
