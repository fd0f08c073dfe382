// Vectors of eight floats and the functions of them that the kernels need. Included into one translation unit per
// instruction set, inside an anonymous namespace: no code here may be shared between differently compiled units.
// Compiler vector types are used for their arithmetic; the compiler picks the registers.

#define MI2_INLINE inline __attribute__((always_inline))

constexpr std::int64_t kLanes = 8;
using Floats = float __attribute__((vector_size(32)));
using Ints = std::int32_t __attribute__((vector_size(32)));
using Shorts = std::uint16_t __attribute__((vector_size(16)));

MI2_INLINE Floats splat(float x) { return Floats{x, x, x, x, x, x, x, x}; }
MI2_INLINE Ints splat_int(std::int32_t x) { return Ints{x, x, x, x, x, x, x, x}; }

MI2_INLINE Floats load(const float* from) {
  Floats x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
MI2_INLINE void store(float* to, Floats x) { __builtin_memcpy(to, &x, sizeof x); }

MI2_INLINE Floats load(const BFloat16* from) {
  Shorts x;
  __builtin_memcpy(&x, from, sizeof x);
  return reinterpret_cast<Floats>(__builtin_convertvector(x, Ints) << 16);
}
/// Round to nearest even; the values here are finite.
MI2_INLINE void store(BFloat16* to, Floats x) {
  const auto bits = reinterpret_cast<Ints>(x);
  const Ints odd = (bits >> 16) & splat_int(1);
  const Shorts upper = __builtin_convertvector((bits + splat_int(0x7FFF) + odd) >> 16, Shorts);
  __builtin_memcpy(&to->bits, &upper, sizeof upper);
}

MI2_INLINE float widen(float x) { return x; }
MI2_INLINE float widen(BFloat16 x) { return static_cast<float>(x); }
MI2_INLINE void narrow(float* to, float x) { *to = x; }
MI2_INLINE void narrow(BFloat16* to, float x) { *to = BFloat16(x); }

MI2_INLINE Floats select(Ints mask, Floats a, Floats b) {
  return reinterpret_cast<Floats>((mask & reinterpret_cast<Ints>(a)) | (~mask & reinterpret_cast<Ints>(b)));
}
MI2_INLINE Floats minimum(Floats a, Floats b) { return select(a < b, a, b); }
MI2_INLINE Floats maximum(Floats a, Floats b) { return select(a > b, a, b); }

MI2_INLINE float sum(Floats x) { return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7])); }
MI2_INLINE float largest(Floats x) {
  float top = x[0];
  for (int i = 1; i < kLanes; ++i) top = x[i] > top ? x[i] : top;
  return top;
}

/// e^x within 2e-7 of the value for x in [-87, 88]; outside, as at the end of that range.
/// x = n ln 2 + r, |r| <= ln 2 / 2; e^r by a polynomial fitted by least squares to 2e-8.
MI2_INLINE Floats exponential(Floats x) {
  x = minimum(maximum(x, splat(-87.0F)), splat(88.0F));
  const Floats magic = splat(12582912.0F);  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  const Floats shifted = x * splat(1.44269504088896341F) + magic;
  const Floats n = shifted - magic;
  const Floats r = (x - n * splat(0.693359375F)) - n * splat(-2.12194440e-4F);
  Floats p = splat(0.0013929581F);
  p = p * r + splat(0.0083598625F);
  p = p * r + splat(0.041666504F);
  p = p * r + splat(0.16666599F);
  p = p * r + splat(0.5F);
  p = p * (r * r) + r + splat(1.0F);
  const Ints exponent = (reinterpret_cast<Ints>(shifted) - reinterpret_cast<Ints>(magic) + splat_int(127)) << 23;
  return p * reinterpret_cast<Floats>(exponent);
}

/// erf(x) within 4e-7 relative: x P(x^2) / Q(x^2), fitted minimax on [0, 3.95]; beyond, erf rounds to 1.
MI2_INLINE Floats error_function(Floats x) {
  x = minimum(maximum(x, splat(-3.95F)), splat(3.95F));
  const Floats s = x * x;
  Floats p = splat(2.0117024632781977e-06F);
  p = p * s + splat(2.8759572887793183e-04F);
  p = p * s + splat(3.917268011718988e-03F);
  p = p * s + splat(5.3206924349069595e-02F);
  p = p * s + splat(1.9403503835201263e-01F);
  p = p * s + splat(1.128378987312317F);
  Floats q = splat(3.783902866416611e-05F);
  q = q * s + splat(1.1981811840087175e-03F);
  q = q * s + splat(1.5270616859197617e-02F);
  q = q * s + splat(1.1559043079614639e-01F);
  q = q * s + splat(5.052905678749084e-01F);
  q = q * s + splat(1.0F);
  return x * p / q;
}

MI2_INLINE Floats activated(Floats x, Activation activation) {
  switch (activation) {
    case Activation::kGelu:
      return splat(0.5F) * x * (splat(1.0F) + error_function(x * splat(0.70710678118654752F)));
    case Activation::kQuickGelu:
      return x / (splat(1.0F) + exponential(splat(-1.702F) * x));
    case Activation::kNone:
      break;
  }
  return x;
}
