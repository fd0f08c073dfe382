// Products on a processor's matrix tiles (AMX): two by two tiles of 16 x 16 sums. Written once over `Tiles`, which
// names the eight tile registers and says how two of them multiply; `Tiles` is the processor's own (isa/amx/tiles.hpp),
// or in tests an emulation, so that this text is checked on every machine.
//
// A tile is 16 rows of 64 bytes: a chunk of 16 rows of the left side, or a chunk of a panel. Rows of the left side and
// sums are there up to a multiple of 32.

/// Depth taken at a time: two panels of 16 chunks are 32 KB, and stay in the first-level cache while all rows pass by.
constexpr std::int64_t kTileChunks = 16;

/// The four sums of a place: 0 and 1 above, 2 and 3 below. `kBelow`: whether there are rows for the lower two;
/// `kBeside`: whether there is a second panel.
template <typename Tiles, bool kBelow, bool kBeside>
MI2_INLINE void load_tile_sums(const float* sums, std::int64_t stride, bool first) {
  const std::int64_t bytes = stride * 4;
  if (first) {
    Tiles::template zero<0>();
    if constexpr (kBeside) Tiles::template zero<1>();
    if constexpr (kBelow) Tiles::template zero<2>();
    if constexpr (kBelow && kBeside) Tiles::template zero<3>();
    return;
  }
  Tiles::template load<0>(sums, bytes);
  if constexpr (kBeside) Tiles::template load<1>(sums + kPanel, bytes);
  if constexpr (kBelow) Tiles::template load<2>(sums + 16 * stride, bytes);
  if constexpr (kBelow && kBeside) Tiles::template load<3>(sums + 16 * stride + kPanel, bytes);
}

template <typename Tiles, bool kBelow, bool kBeside>
MI2_INLINE void store_tile_sums(float* sums, std::int64_t stride) {
  const std::int64_t bytes = stride * 4;
  Tiles::template store<0>(sums, bytes);
  if constexpr (kBeside) Tiles::template store<1>(sums + kPanel, bytes);
  if constexpr (kBelow) Tiles::template store<2>(sums + 16 * stride, bytes);
  if constexpr (kBelow && kBeside) Tiles::template store<3>(sums + 16 * stride + kPanel, bytes);
}

/// Tiles 4 and 5 (rows above and below) by tiles 6 and 7 (panels side by side).
template <typename Tiles, bool kBelow, bool kBeside>
MI2_INLINE void dot_tiles() {
  Tiles::template dot<0, 4, 6>();
  if constexpr (kBeside) Tiles::template dot<1, 4, 7>();
  if constexpr (kBelow) Tiles::template dot<2, 5, 6>();
  if constexpr (kBelow && kBeside) Tiles::template dot<3, 5, 7>();
}

template <typename Tiles, bool kBelow>
MI2_INLINE void load_left(const std::byte* left, std::int64_t stride) {
  Tiles::template load<4>(left, stride);
  if constexpr (kBelow) Tiles::template load<5>(left + 16 * stride, stride);
}
template <typename Tiles, bool kBeside>
MI2_INLINE void load_right(const std::byte* right, std::int64_t panel) {
  Tiles::template load<6>(right, 64);
  if constexpr (kBeside) Tiles::template load<7>(right + panel, 64);
}

template <typename Tiles, bool kBelow, bool kBeside>
void tile_place(const TileProduct& p, std::int64_t row, std::int64_t panel, std::int64_t chunk, std::int64_t last) {
  constexpr std::int64_t kParts = Tiles::kSplit ? 2 : 1;
  auto* sums = static_cast<float*>(p.sums) + row * p.sums_stride;
  const auto* left = static_cast<const std::byte*>(p.left) + row * p.left_stride + chunk * kParts * 64;
  const auto* right = static_cast<const std::byte*>(p.right) + panel * p.right_stride + chunk * kParts * kPanelChunk;
  load_tile_sums<Tiles, kBelow, kBeside>(sums, p.sums_stride, p.first && chunk == 0);
  for (; chunk < last; ++chunk, left += kParts * 64, right += kParts * kPanelChunk) {
    load_left<Tiles, kBelow>(left, p.left_stride);
    load_right<Tiles, kBeside>(right, p.right_stride);
    dot_tiles<Tiles, kBelow, kBeside>();
    if constexpr (Tiles::kSplit) {
      // large by small, then small by large; small by small is left out
      load_right<Tiles, kBeside>(right + kPanelChunk, p.right_stride);
      dot_tiles<Tiles, kBelow, kBeside>();
      load_left<Tiles, kBelow>(left + 64, p.left_stride);
      load_right<Tiles, kBeside>(right, p.right_stride);
      dot_tiles<Tiles, kBelow, kBeside>();
    }
  }
  store_tile_sums<Tiles, kBelow, kBeside>(sums, p.sums_stride);
}

template <typename Tiles>
void tile_rows(const TileProduct& p, std::int64_t panel, bool beside, std::int64_t chunk, std::int64_t last) {
  for (std::int64_t row = 0; row < p.rows; row += 32) {
    const bool below = p.rows - row > 16;
    if (beside) {
      below ? tile_place<Tiles, true, true>(p, row, panel, chunk, last)
            : tile_place<Tiles, false, true>(p, row, panel, chunk, last);
    } else {
      below ? tile_place<Tiles, true, false>(p, row, panel, chunk, last)
            : tile_place<Tiles, false, false>(p, row, panel, chunk, last);
    }
    if (p.finish == nullptr || last != p.chunks) continue;
    TileProduct here = p;
    here.sums = static_cast<float*>(p.sums) + row * p.sums_stride - panel * kPanel;
    finish_tile(here, row, p.rows - row < 32 ? p.rows - row : 32, panel, beside ? 2 : 1);
  }
}

/// As product() of product_tile.hpp. With `finish`, the sums of every two panels use the first two of p.sums.
template <typename Tiles>
void product_on_tiles(const TileProduct& p) {
  Tiles::configure();
  const auto* next = static_cast<const std::byte*>(p.next);
  for (std::int64_t i = 0; i < p.next_panels; ++i) {
    for (std::int64_t at = 0; at < p.chunks * Tiles::kRightChunk; at += 64) {
      __builtin_prefetch(next + i * p.right_stride + at, 0, 2);
    }
  }
  for (std::int64_t panel = 0; panel < p.panels; panel += 2) {
    TileProduct pair = p;
    if (p.finish == nullptr) pair.sums = static_cast<float*>(p.sums) + panel * kPanel;
    for (std::int64_t chunk = 0; chunk < p.chunks; chunk += kTileChunks) {
      const std::int64_t last = p.chunks - chunk < kTileChunks ? p.chunks : chunk + kTileChunks;
      tile_rows<Tiles>(pair, panel, panel + 1 < p.panels, chunk, last);
    }
  }
  Tiles::release();
}

/// The table's entry for Tiles.
template <typename Tiles>
constexpr ProductKernel tile_kernel(Operand left, std::int64_t depth) {
  return {product_on_tiles<Tiles>, left, depth, Tiles::kSplit ? 128 : 64, Tiles::kRightChunk, 32, 2};
}
