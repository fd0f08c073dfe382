// Products on a processor's matrix tiles (AMX): two by two tiles of 16 x 16 sums. Written once over `Tiles`, which
// names the eight tile registers and says how two of them multiply; `Tiles` is the processor's own (isa/amx/tiles.hpp),
// or in tests an emulation, so that this text is checked on every machine.
//
// A tile is 16 rows of 64 bytes: a chunk of 16 rows of the left side, or a chunk of a panel. Rows of the left side and
// sums are there up to a multiple of 32.

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

/// What a block of rows may take of the caches: a core multiplies some 2.6e12 and gets some 27e9 bytes a second from
/// beyond the second level, so weights that are read once for 96 rows take as long to come as to multiply. The second
/// level has 2 MB. Fifteen pairs of tiles.
constexpr Blocking kTileBlocking{480, 1200 << 10, 200};

/// Over the whole depth: both sides come from the second level, which costs less than putting sums aside would.
template <typename Tiles, bool kBelow, bool kBeside>
void tile_place(const GemmBlock& p, std::int64_t row, std::int64_t panel, Fetch& fetch) {
  constexpr std::int64_t kParts = Tiles::kSplit ? 2 : 1;
  auto* sums = static_cast<float*>(p.sums) + (p.epilogue == nullptr ? row * p.sums_stride : 0) + panel * kPanel;
  const auto* left = static_cast<const std::byte*>(p.left) + row * p.left_stride;
  const auto* right = static_cast<const std::byte*>(p.right) + panel * p.right_stride;
  load_tile_sums<Tiles, kBelow, kBeside>(sums, p.sums_stride, p.first);
  for (std::int64_t chunk = 0; chunk < p.chunks; ++chunk, left += kParts * 64, right += kParts * kPanelChunk) {
    fetch.some();
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
void tile_rows(const GemmBlock& p, std::int64_t panel, bool beside, Fetch& fetch) {
  for (std::int64_t row = 0; row < p.rows; row += 32) {
    const std::int64_t height = p.rows - row < 32 ? p.rows - row : 32;
    const bool below = height > 16;
    if (p.epilogue != nullptr) fetch_destination(*p.epilogue, row, height);
    if (beside) {
      below ? tile_place<Tiles, true, true>(p, row, panel, fetch)
            : tile_place<Tiles, false, true>(p, row, panel, fetch);
    } else {
      below ? tile_place<Tiles, true, false>(p, row, panel, fetch)
            : tile_place<Tiles, false, false>(p, row, panel, fetch);
    }
    if (p.epilogue != nullptr) epilogue_tile(p, row, height, panel, beside ? 2 : 1);
  }
}

/// As product() of microkernel.hpp.
template <typename Tiles>
void product_on_tiles(const GemmBlock& p) {
  const std::int64_t places = (p.rows + 31) / 32 * ((p.panels + 1) / 2);
  Fetch fetch = fetch_next(p, Tiles::kRightChunk, places);
  Tiles::configure();
  for (std::int64_t panel = 0; panel < p.panels; panel += 2) {
    tile_rows<Tiles>(p, panel, panel + 1 < p.panels, fetch);
  }
  Tiles::release();
}

/// The table's entry for Tiles.
template <typename Tiles>
constexpr ProductKernel tile_kernel(Operand left, std::int64_t depth) {
  return {product_on_tiles<Tiles>, left, depth, Tiles::kSplit ? 128 : 64, Tiles::kRightChunk, 32, 2, kTileBlocking};
}
