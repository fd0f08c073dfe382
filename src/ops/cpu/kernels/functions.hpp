// Functions of vectors that the kernels need, over the vocabulary of vectors.hpp.

/// e^x within 2e-7 of the value for x in [-87, 88]; outside, as at the end of that range. Here and below, of a NaN a
/// NaN: a model whose numbers overflow must not look sound.
/// x = n ln 2 + r, |r| <= ln 2 / 2; e^r by a polynomial fitted by least squares to 2e-8.
MI2_INLINE Floats exponential(Floats x) {
  x = limited(x, -87.0F, 88.0F);
  const Floats magic = splat(kRound);
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

constexpr float kLog2E = 1.44269504088896341F;

/// 2^x within 1e-4 of the value for x in [-125, 127]; below, as at -125, so that no result is denormal: a processor
/// takes a hundred cycles more for each of those. For results rounded to bfloat16.
MI2_INLINE Floats rough_power_of_2(Floats x) {
  x = maximum(splat(-125.0F), x);
  const Floats f = fraction_of(x);
  Floats p = splat(0.0780245215F);  // fitted minimax on [0, 1]
  p = p * f + splat(0.226067171F);
  p = p * f + splat(0.695833504F);
  p = p * f + splat(0.999925196F);
  return times_power_of_2(p, x, f);
}

/// erf(x) within 4e-7 relative: x P(x^2) / Q(x^2), fitted minimax on [0, 3.95]; beyond, erf rounds to 1.
MI2_INLINE Floats error_function(Floats x) {
  x = limited(x, -3.95F, 3.95F);
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

/// GELU within 5e-5 of the value, or of x beyond 4: for results that are rounded to bfloat16, whose last bit is worth
/// 2e-3 of them. x (1/2 + x P(x^2)), P fitted minimax on [0, 4].
MI2_INLINE Floats rough_gelu(Floats x) {
  const Floats t = limited(x, -4.0F, 4.0F);
  const Floats s = t * t;
  Floats p = splat(-1.30130519e-09F);
  p = p * s + splat(1.04196736e-07F);
  p = p * s + splat(-3.65715104e-06F);
  p = p * s + splat(7.48552957e-05F);
  p = p * s + splat(-0.00100649231F);
  p = p * s + splat(0.00950540621F);
  p = p * s + splat(-0.065887859F);
  p = p * s + splat(0.398673406F);
  return x * (t * p + splat(0.5F));
}

/// `Out` is what the result is rounded to.
template <Activation kActivation, typename Out>
MI2_INLINE Floats activated(Floats x) {
  if constexpr (kActivation == Activation::kGelu && std::is_same_v<Out, tensor::BFloat16>) {
    return rough_gelu(x);
  } else if constexpr (kActivation == Activation::kGelu) {
    return splat(0.5F) * x * (splat(1.0F) + error_function(x * splat(0.70710678118654752F)));
  } else if constexpr (kActivation == Activation::kQuickGelu) {
    return x / (splat(1.0F) + exponential(splat(-1.702F) * x));
  } else {
    return x;
  }
}
