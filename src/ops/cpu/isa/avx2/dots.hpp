// Two 16-bit numbers by two others in one instruction.

struct MaddDot : S16Dot {
  static MI2_INLINE Sum dot(Sum sum, Ints x, const Right& y) {
    sum += reinterpret_cast<Ints>(_mm256_madd_epi16(reinterpret_cast<__m256i>(x), reinterpret_cast<__m256i>(y)));
    __asm__("" : "+x"(sum));  // the compiler would add the products of several steps first, and spill them
    return sum;
  }
};
