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

/// A 32-bit word of a row a step: what a chunk of 16 steps takes, and where the next step is, in bytes.
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

/// Two floats by a pair of bfloat16, which are widened: where the processor does not multiply bfloat16 itself.
struct WideBf16Dot : FloatSums {
  static constexpr int kRows = kTileRows;
  static constexpr int kPanels = kTilePanels;
  static constexpr int kLeftChunk = 128;
  static constexpr int kRightChunk = 1024;
  static constexpr int kLeftStep = 8;
  static constexpr int kRightStep = 64;
  struct Left {
    Floats even;
    Floats odd;
  };
  using Right = Left;
  static MI2_INLINE Right right(const std::byte* from) {
    const Ints pairs = load_ints(from);
    return {reinterpret_cast<Floats>(pairs << 16),
            reinterpret_cast<Floats>(pairs & splat_int(static_cast<std::int32_t>(0xFFFF0000U)))};
  }
  static MI2_INLINE Left left(const std::byte* from) {
    return {splat(load_scalar<float>(from)), splat(load_scalar<float>(from + 4))};
  }
  static MI2_INLINE Sum dot(Sum sum, const Left& x, const Right& y) { return (sum + x.even * y.even) + x.odd * y.odd; }
};

/// Four unsigned by four signed bytes, exactly.
struct S8Dot : IntSums, WordSteps {
  static constexpr int kRows = 2;
  static constexpr int kPanels = 1;
  struct Right {
    Ints byte[4];
  };
  static MI2_INLINE Right right(const std::byte* from) {
    const Ints x = load_ints(from);
    return {{(x << 24) >> 24, (x << 16) >> 24, (x << 8) >> 24, x >> 24}};
  }
  static MI2_INLINE std::uint32_t left(const std::byte* from) { return load_scalar<std::uint32_t>(from); }
  static MI2_INLINE Sum dot(Sum sum, std::uint32_t x, const Right& y) {
    for (int i = 0; i < 4; ++i) sum += splat_int(static_cast<std::int32_t>((x >> (8 * i)) & 0xFFU)) * y.byte[i];
    return sum;
  }
};
