// The register tile of every matrix product: R rows by P panels of sums stay in registers while the shared depth passes
// by. Written once over a `Dot`, which says how one step multiplies and what lies where (docs/engine.md, "Products"):
//
//   kRows, kPanels       the largest tile whose sums, with one step's operands, fill the registers
//   kLeftChunk, kRightChunk   bytes of a row, and of a panel, that 16 steps take
//   kLeftStep, kRightStep     bytes from one step to the next
//   Sum, zero, load_sums, store_sums; Left, left(bytes); Right, right(bytes); dot(sum, left, right)
//
// A panel is 16 outputs wide: kVectors vectors of 32-bit sums.

template <typename Dot, int R, int P>
void product_tile(const TileProduct& p, std::int64_t row, std::int64_t panel) {
  constexpr int kVectors = static_cast<int>(kPanel / kLanes);
  constexpr int kSteps = 16;
  typename Dot::Sum sums[R][P * kVectors];
  auto* out = static_cast<float*>(p.sums) + row * p.sums_stride + panel * kPanel;
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < P * kVectors; ++v) {
      sums[r][v] = p.first ? Dot::zero() : Dot::load_sums(out + r * p.sums_stride + v * kLanes);
    }
  }
  const auto* left = static_cast<const std::byte*>(p.left) + row * p.left_stride;
  const auto* right = static_cast<const std::byte*>(p.right) + panel * p.right_stride;
  for (std::int64_t chunk = 0; chunk < p.chunks; ++chunk) {
    for (int step = 0; step < kSteps; ++step) {
      typename Dot::Right columns[P * kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < P * kVectors; ++v) {
        columns[v] =
            Dot::right(right + (v / kVectors) * p.right_stride + step * Dot::kRightStep + (v % kVectors) * kLanes * 4);
      }
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const auto x = Dot::left(left + r * p.left_stride + step * Dot::kLeftStep);
#pragma GCC unroll 8
        for (int v = 0; v < P * kVectors; ++v) sums[r][v] = Dot::dot(sums[r][v], x, columns[v]);
      }
    }
    left += Dot::kLeftChunk;
    right += Dot::kRightChunk;
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < P * kVectors; ++v) Dot::store_sums(out + r * p.sums_stride + v * kLanes, sums[r][v]);
  }
}

template <typename Dot, int P, int... Rows>
void product_rows(const TileProduct& p, std::int64_t panel, std::integer_sequence<int, Rows...>) {
  using Function = void (*)(const TileProduct&, std::int64_t, std::int64_t);
  static constexpr Function kTiles[] = {product_tile<Dot, Rows + 1, P>...};
  // Tiles of nearly equal heights: a last tile of one row would wait for its own sums.
  const std::int64_t tiles = (p.rows + Dot::kRows - 1) / Dot::kRows;
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t row = p.rows * t / tiles;
    const std::int64_t height = p.rows * (t + 1) / tiles - row;
    kTiles[height - 1](p, row, panel);
  }
}

template <typename Dot>
void product(const TileProduct& p) {
  using Rows = std::make_integer_sequence<int, Dot::kRows>;
  std::int64_t panel = 0;
  for (; panel + Dot::kPanels <= p.panels; panel += Dot::kPanels) product_rows<Dot, Dot::kPanels>(p, panel, Rows{});
  for (; panel < p.panels; ++panel) product_rows<Dot, 1>(p, panel, Rows{});
}

/// The table's entry for a Dot.
template <typename Dot>
constexpr ProductKernel product_kernel(Operand left, std::int64_t depth) {
  return {product<Dot>, left, depth, Dot::kLeftChunk, Dot::kRightChunk, Dot::kRows, Dot::kPanels, 0};
}
