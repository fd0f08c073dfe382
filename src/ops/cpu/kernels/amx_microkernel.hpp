// Products on a processor's matrix tiles (AMX): two by two tiles of 16 x 16 sums, or one by two where 16 rows or fewer
// are left. Written once over `Tiles`, which names the eight tile registers and says how two of them multiply; `Tiles`
// is the processor's own (isa/amx/tiles.hpp), or in tests an emulation, so that this text is checked on every machine.
//
// A tile is 16 rows of 64 bytes: a chunk of 16 rows of the left side, or a chunk of a panel. Rows of the left side and
// sums are there up to a multiple of 32; a panel without a neighbour is taken twice, and the second sums are ignored.

/// Outputs of the two panels that are multiplied at once.
constexpr std::int64_t kTileColumns = 2 * kPanel;

/// What a block of rows may take of the second level of the cache, which has 2 MB: the panels and the destination pass
/// through it too.
constexpr std::int64_t kBlockBytes = 1200 << 10;
/// What a piece of two panels may take of the first level, of 48 KB: the rows are loaded past it.
constexpr std::int64_t kPieceBytes = 32 << 10;

/// A core multiplies some 2.6e12 and gets some 27e9 bytes a second from beyond the second level, so weights that are
/// read once for 96 rows take as long to come as to multiply. Fifteen pairs of tiles; of rows that are twice as long,
/// half as many.
template <typename Tiles>
constexpr Blocking kTileBlocking{Tiles::kSplit ? 256 : 480, kBlockBytes, 200, true};

/// Sums of 32 rows by two panels.
constexpr std::int64_t kPlace = 32 * kTileColumns;
/// Bytes of a row in a chunk.
template <typename Tiles>
constexpr std::int64_t kLeftChunk = Tiles::kSplit ? 128 : 64;

/// The epilogue of a place, 32 rows by two panels, some rows at a time: a step of the tiles leaves the vector units
/// idle, so the sums of one place are finished between the steps of the next, while they are in the first level.
template <bool kBytes, bool kAccumulate, Activation kActivation, typename Out>
class Finisher {
 public:
  Finisher() = default;
  /// @param end    of the place alone, its sums included.
  /// @param steps  of the tiles that the rows are spread over.
  Finisher(const Epilogue& end, std::int64_t steps)
      : end_(end), steps_(steps), sums_(static_cast<const float*>(end.sums)), out_(static_cast<Out*>(end.out)) {
    for (int v = 0; v < kVectors; ++v) columns_[v] = EpilogueColumns<kBytes>(end, v * kLanes);
  }

  /// A step's share.
  MI2_INLINE void some() {
    for (due_ += end_.rows; due_ >= steps_ && row_ < end_.rows; due_ -= steps_) finish_row();
  }
  MI2_INLINE void rest() {
    while (row_ < end_.rows) finish_row();
  }

 private:
  static constexpr int kVectors = static_cast<int>(kTileColumns / kLanes);
  MI2_INLINE void finish_row() {
    // What the next two panels write, into the second level: the first is the weights'.
    for (std::int64_t at = 0; at < kTileColumns * static_cast<std::int64_t>(sizeof(Out)); at += 64) {
      __builtin_prefetch(reinterpret_cast<const std::byte*>(out_ + kTileColumns) + at, 0, 2);
    }
    for (int v = 0; v < kVectors; v += 2) store_both(out_ + v * kLanes, value(v), value(v + 1));
    sums_ += kTileColumns;
    out_ += end_.out_stride;
    ++row_;
  }

  MI2_INLINE Floats value(int v) const {
    const Floats x = epilogue_value<kBytes, kActivation, Out>(end_, row_, load(sums_ + v * kLanes), columns_[v]);
    if constexpr (kAccumulate) return x + load(out_ + v * kLanes);
    return x;
  }

  Epilogue end_;
  std::int64_t steps_ = 1;
  std::int64_t row_ = 0;
  std::int64_t due_ = 0;
  const float* sums_ = nullptr;
  Out* out_ = nullptr;
  EpilogueColumns<kBytes> columns_[kVectors];
};

/// The products of the loaded tiles of rows by those of two panels. `kLower`: there are two tiles of rows.
template <typename Tiles, bool kLower>
MI2_INLINE void dot_tiles() {
  Tiles::template dot<0, 4, 6>();
  Tiles::template dot<1, 4, 7>();
  if constexpr (kLower) {
    Tiles::template dot<2, 5, 6>();
    Tiles::template dot<3, 5, 7>();
  }
}

/// One step of a place: a chunk of its rows by a chunk of two panels.
template <typename Tiles, bool kLower>
MI2_INLINE void tile_step(const std::byte* left, std::int64_t left_stride, const std::byte* right,
                          std::int64_t beside) {
  [[maybe_unused]] const std::byte* lower = left + 16 * left_stride;
  if constexpr (Tiles::kSplit) {
    // small by large, large by large, large by small; small by small is left out
    Tiles::template stream<4>(left + 64, left_stride);
    Tiles::template load<6>(right, 64);
    Tiles::template load<7>(right + beside, 64);
    if constexpr (kLower) Tiles::template stream<5>(lower + 64, left_stride);
    dot_tiles<Tiles, kLower>();
    Tiles::template stream<4>(left, left_stride);
    if constexpr (kLower) Tiles::template stream<5>(lower, left_stride);
    dot_tiles<Tiles, kLower>();
    Tiles::template load<6>(right + kPanelChunk, 64);
    Tiles::template load<7>(right + kPanelChunk + beside, 64);
    dot_tiles<Tiles, kLower>();
  } else {
    Tiles::template stream<4>(left, left_stride);
    Tiles::template load<6>(right, 64);
    Tiles::template load<7>(right + beside, 64);
    if constexpr (kLower) Tiles::template stream<5>(lower, left_stride);
    dot_tiles<Tiles, kLower>();
  }
}

/// Two panels' part of a product, over some of its depth.
struct Piece {
  const std::byte* left;
  std::int64_t left_stride;
  const std::byte* right;
  std::int64_t beside;  ///< from the first panel to the second, or 0 if there is none
  std::int64_t chunks;
};

/// f(0), ... for the sums of a place and where they lie.
template <bool kLower, typename Use>
MI2_INLINE void each_sum(float* sums, const Use& use) {
  use.template operator()<0>(sums);
  use.template operator()<1>(sums + kPanel);
  if constexpr (kLower) {
    use.template operator()<2>(sums + 16 * kTileColumns);
    use.template operator()<3>(sums + 16 * kTileColumns + kPanel);
  }
}

/// The sums of one place, starting from those in `from` or from zero. Between the steps, `between` is called.
template <typename Tiles, bool kLower, typename Between>
MI2_INLINE void tile_place(const Piece& p, float* from, float* to, const Between& between) {
  if (from == nullptr) {
    each_sum<kLower>(to, []<int kSum>(const float*) { Tiles::template zero<kSum>(); });
  } else {
    each_sum<kLower>(from, []<int kSum>(const float* sums) { Tiles::template load<kSum>(sums, 4 * kTileColumns); });
  }
  const std::byte* left = p.left;
  const std::byte* right = p.right;
  for (std::int64_t chunk = 0; chunk < p.chunks; ++chunk) {
    tile_step<Tiles, kLower>(left, p.left_stride, right, p.beside);
    between();
    left += kLeftChunk<Tiles>;
    right += Tiles::kRightChunk;
  }
  each_sum<kLower>(to, []<int kSum>(float* sums) { Tiles::template store<kSum>(sums, 4 * kTileColumns); });
}

/// A chunk of two panels.
MI2_INLINE void fetch_both(const std::byte* right, std::int64_t beside, std::int64_t bytes) {
  for (std::int64_t at = 0; at < bytes; at += 64) {
    __builtin_prefetch(right + at, 0, 3);
    __builtin_prefetch(right + beside + at, 0, 3);
  }
}

/// Depth is taken in pieces: a piece of two panels stays in the first level while all rows stream past it from the
/// second. Between pieces the sums are put aside; those of the last piece are finished two places later.
template <typename Tiles, bool kAccumulate, Activation kActivation, typename Out>
void product_and_epilogue(const GemmBlock& p) {
  constexpr std::int64_t kPiece = kPieceBytes / (2 * Tiles::kRightChunk);
  const std::int64_t row_tiles = (p.rows + 31) / 32;
  float* aside = static_cast<float*>(p.sums);
  float* ring[2] = {aside + row_tiles * kPlace, aside + (row_tiles + 1) * kPlace};
  Finisher<Tiles::kBytes, kAccumulate, kActivation, Out> finisher;
  int turn = 0;
  for (std::int64_t panel = 0; panel < p.panels; panel += 2) {
    Fetch fetch = fetch_panels(p, panel + 2, 2, Tiles::kRightChunk, row_tiles, !Tiles::kBytes);
    const std::byte* right = static_cast<const std::byte*>(p.right) + panel * p.right_stride;
    const std::int64_t beside = panel + 1 < p.panels ? p.right_stride : 0;
    const bool whole = (panel + 2) * kPanel <= p.epilogue->columns;
    for (std::int64_t chunk = 0; chunk < p.chunks; chunk += kPiece) {
      const bool last = chunk + kPiece >= p.chunks;
      for (std::int64_t row = 0; row < p.rows; row += 32) {
        float* sums = aside + row * kTileColumns;
        float* to = last ? ring[turn] : sums;
        const Piece piece{static_cast<const std::byte*>(p.left) + row * p.left_stride + chunk * kLeftChunk<Tiles>,
                          p.left_stride, right + chunk * Tiles::kRightChunk, beside,
                          std::min(kPiece, p.chunks - chunk)};
        float* from = chunk == 0 ? nullptr : sums;
        const std::byte* ahead = piece.right + kStreamAhead;
        const auto between = [&] {
          if (fetch.in_stream) {
            fetch_both(ahead, beside, Tiles::kRightChunk);
            ahead += Tiles::kRightChunk;
          } else {
            fetch.some();
          }
          finisher.some();
        };
        if (p.rows - row > 16) {
          tile_place<Tiles, true>(piece, from, to, between);
        } else {
          tile_place<Tiles, false>(piece, from, to, between);
        }
        if (!last) continue;
        finisher.rest();
        Epilogue end =
            part_of(*p.epilogue, row, std::min<std::int64_t>(32, p.rows - row), panel * kPanel, kTileColumns);
        end.sums = to;
        end.sums_stride = kTileColumns;
        if (whole) {
          finisher = {end, piece.chunks};
        } else {
          epilogue_as<Tiles::kBytes, kAccumulate, kActivation, Out>(end);
        }
        turn ^= 1;
      }
    }
  }
  finisher.rest();
}

/// As product() of microkernel.hpp, of blocks with an epilogue.
template <typename Tiles>
void product_on_tiles(const GemmBlock& p) {
  Tiles::configure();
  for_epilogue_kind(*p.epilogue, [&p]<bool kAccumulate, Activation kActivation, typename Out>() {
    product_and_epilogue<Tiles, kAccumulate, kActivation, Out>(p);
  });
  Tiles::release();
}

/// The sums of 16 rows by P panels from `panel` on, which stay in memory.
template <typename Tiles, int P>
MI2_INLINE void tile_row(const GemmBlock& p, std::int64_t row, std::int64_t panel) {
  const auto* left = static_cast<const std::byte*>(p.left) + row * p.left_stride;
  const auto* right = static_cast<const std::byte*>(p.right) + panel * p.right_stride;
  float* sums = static_cast<float*>(p.sums) + row * p.sums_stride + panel * kPanel;
  const std::int64_t bytes = p.sums_stride * 4;
  const auto each = [](const auto& use) {
    use.template operator()<0>();
    if constexpr (P > 1) use.template operator()<1>();
    if constexpr (P > 2) use.template operator()<2>();
    if constexpr (P > 3) use.template operator()<3>();
  };
  each([&]<int kSum>() {
    if (p.first) {
      Tiles::template zero<kSum>();
    } else {
      Tiles::template load<kSum>(sums + kSum * kPanel, bytes);
    }
  });
  for (std::int64_t chunk = 0; chunk < p.chunks; ++chunk, left += 64, right += kPanelChunk) {
    Tiles::template load<4>(left, p.left_stride);
    each([&]<int kSum>() {
      // Two registers in turn: one may be loaded while the other is multiplied.
      constexpr int kRight = 6 + kSum % 2;
      Tiles::template load<kRight>(right + kSum * p.right_stride, 64);
      Tiles::template dot<kSum, 4, kRight>();
    });
  }
  each([&]<int kSum>() { Tiles::template store<kSum>(sums + kSum * kPanel, bytes); });
}

/// The Products of attention_sides.hpp on tiles.
template <typename Tiles>
struct TileProducts {
  using Element = tensor::BFloat16;
  static constexpr std::int64_t kRows = 16;
  static void begin() { Tiles::configure(); }
  static void end() { Tiles::release(); }

  static void multiply(const GemmBlock& p) {
    for (std::int64_t row = 0; row < p.rows; row += 16) {
      std::int64_t panel = 0;
      for (; panel + 4 <= p.panels; panel += 4) tile_row<Tiles, 4>(p, row, panel);
      switch (p.panels - panel) {
        case 3:
          tile_row<Tiles, 3>(p, row, panel);
          break;
        case 2:
          tile_row<Tiles, 2>(p, row, panel);
          break;
        case 1:
          tile_row<Tiles, 1>(p, row, panel);
          break;
        default:
          break;
      }
    }
  }
};

/// The table's entry for Tiles.
template <typename Tiles>
constexpr ProductKernel tile_kernel(Operand left, std::int64_t depth) {
  return {product_on_tiles<Tiles>, left, depth, kLeftChunk<Tiles>, Tiles::kRightChunk, 32, 2, kTileBlocking<Tiles>};
}
