// Steps of products in compiler vectors of any width: the portable path, and the twin that the tests hold the others
// to.

/// Sums that are floats.
struct FloatSums {
  using Sum = Floats;
  static MI2_INLINE Sum zero() { return splat(0.0F); }
  static MI2_INLINE Sum load_sums(const float* from) { return load(from); }
  static MI2_INLINE void store_sums(float* to, Sum sums) { store(to, sums); }
};

/// Sums that are 32-bit integers.
struct IntSums {
  using Sum = Ints;
  static MI2_INLINE Sum zero() { return splat_int(0); }
  static MI2_INLINE Sum load_sums(const float* from) { return reinterpret_cast<Ints>(load(from)); }
  static MI2_INLINE void store_sums(float* to, Sum sums) { store(to, reinterpret_cast<Floats>(sums)); }
};

template <typename T>
MI2_INLINE T load_scalar(const std::byte* from) {
  T x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}

/// A 32-bit word of a row per step: what a chunk of 16 steps takes, and where the next step is, in bytes.
struct WordSteps {
  static constexpr int kLeftChunk = 64;
  static constexpr int kRightChunk = 1024;
  static constexpr int kLeftStep = 4;
  static constexpr int kRightStep = 64;
};

/// One float by one row of the panel.
struct F32Dot : FloatSums, WordSteps {
  static constexpr int kRows = kTileRows;
  static constexpr int kPanels = kTilePanels;
  using Right = Floats;
  static MI2_INLINE Right right(const std::byte* from) { return load(reinterpret_cast<const float*>(from)); }
  static MI2_INLINE Floats left(const std::byte* from) { return splat(load_scalar<float>(from)); }
  static MI2_INLINE Sum dot(Sum sum, Floats x, Right y) { return sum + x * y; }
};

/// A word of the panel is taken apart: one word of a row by its first half, the next one by its second. Both halves at
/// once would need twice the registers.
struct HalfWordSteps {
  static constexpr int kLeftChunk = 128;
  static constexpr int kRightChunk = 1024;
  static constexpr int kLeftStep = 8;
  static constexpr int kRightStep = 64;
};

/// One float by one bfloat16, which is widened: where the processor does not multiply bfloat16 itself.
struct WideBf16Dot : FloatSums, HalfWordSteps {
  static constexpr int kRows = kTileRows;
  static constexpr int kPanels = kTilePanels;
  using Right = Floats;
  static MI2_INLINE Right right(const std::byte* from, int half) {
    const Ints pairs = load_ints(from);
    return reinterpret_cast<Floats>(half == 0 ? pairs << 16
                                              : pairs & splat_int(static_cast<std::int32_t>(0xFFFF0000U)));
  }
  static MI2_INLINE Floats left(const std::byte* from) { return splat(load_scalar<float>(from)); }
  static MI2_INLINE Sum dot(Sum sum, Floats x, Right y) { return sum + x * y; }
};

/// Two bytes as 16-bit numbers by two of a word's four, exactly.
struct S16Dot : IntSums, HalfWordSteps {
  static constexpr int kRows = kTileRows;
  static constexpr int kPanels = kTilePanels;
  using Right = SignedShorts;
  static MI2_INLINE Right right(const std::byte* from, int half) {
    const auto four = reinterpret_cast<SignedShorts>(load_ints(from));
    return half == 0 ? (four << 8) >> 8 : four >> 8;
  }
  static MI2_INLINE Ints left(const std::byte* from) { return splat_int(load_scalar<std::int32_t>(from)); }
  static MI2_INLINE Sum dot(Sum sum, Ints x, Right y) {
    const auto pairs = reinterpret_cast<Ints>(y);
    return sum + ((x << 16) >> 16) * ((pairs << 16) >> 16) + (x >> 16) * (pairs >> 16);
  }
};
