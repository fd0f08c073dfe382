// The register tile of every matrix product: R rows by P panels of sums stay in registers while the shared depth passes
// by. Written once over a `Dot`, which says how one step multiplies and what lies where (docs/engine.md, "Products"):
//
//   kRows, kPanels       the largest tile whose sums, with one step's operands, fill the registers
//   kLeftChunk, kRightChunk   bytes of a row, and of a panel, that 16 steps take
//   kLeftStep, kRightStep     bytes from one step to the next
//                             where that is two words of a row, a panel's words are taken apart: right(bytes, half)
//   Sum, zero, load_sums, store_sums; left(bytes); Right, right(bytes); dot(sum, left, right)
//
// A panel is 16 outputs wide: kVectors vectors of 32-bit sums.

/// Eight tiles of 14 rows. 640 KB of them and the panels that pass by fit a second level of 1 MB.
constexpr Blocking kDotBlocking{112, 640 << 10, 48};

/// How far ahead of where it is read a panel is fetched that one tile reads, in bytes: what memory takes for a line, at
/// the rate at which it gives lines. All at once at a chunk's start, they would fill the core's list of lines to come.
constexpr std::int64_t kStreamAhead = 48 * 64;

/// The panels that come next, fetched into the second level of the cache while a tile is computed, some lines a chunk:
/// the processor's own prefetching stops at every page.
struct Fetch {
  const std::byte* next;
  std::int64_t panel_bytes;
  std::int64_t stride;
  std::int64_t panels;
  std::int64_t lines_a_chunk;
  bool in_stream = false;  ///< panels that only one tile reads: what comes next is fetched as they pass, none here
  std::int64_t at = 0;     ///< bytes of the panel that are done

  MI2_INLINE void some() {
    for (std::int64_t i = 0; i < lines_a_chunk && panels > 0; ++i) {
      __builtin_prefetch(next + at, 0, 2);
      at += 64;
      if (at == panel_bytes) {
        at = 0;
        next += stride;
        --panels;
      }
    }
  }
};

/// Up to `count` panels from `panel` on, spread over so many tiles. Sides that stay in memory as sums are small and in
/// the cache already.
/// @param may_stream  false where one tile's panels are no sooner there for being fetched as they pass.
MI2_INLINE Fetch fetch_panels(const GemmBlock& p, std::int64_t panel, std::int64_t count, std::int64_t right_chunk,
                              std::int64_t tiles, bool may_stream = true) {
  std::int64_t panels = p.panels - panel < count ? p.panels - panel : count;
  if (p.epilogue == nullptr || panels < 0) panels = 0;
  const std::int64_t lines = panels * (right_chunk / 64);
  const bool in_stream = may_stream && tiles == 1 && p.epilogue != nullptr;
  return {static_cast<const std::byte*>(p.right) + panel * p.right_stride,
          p.chunks * right_chunk,
          p.right_stride,
          in_stream ? 0 : panels,
          (lines + tiles - 1) / tiles,
          in_stream};
}

/// Where the rows of a tile's left side are: three pointers of five rows each reach them all with the addressing of one
/// stride and its triple. The compiler would keep one stride per row, more than there are registers.
struct LeftRows {
  const std::byte* base[3];
  std::int64_t stride;

  MI2_INLINE LeftRows(const std::byte* first, std::int64_t row_stride) : stride(row_stride) {
    for (int i = 0; i < 3; ++i) {
      base[i] = first + 5 * i * stride;
      __asm__("" : "+r"(base[i]));  // not to be computed from one another again
    }
  }
  MI2_INLINE const std::byte* operator[](int r) const { return base[r / 5] + (r % 5) * stride; }
  MI2_INLINE void advance(std::int64_t bytes) {
    for (const std::byte*& pointer : base) pointer += bytes;
  }
};

/// Into how many parts a step takes a panel's words: one for each of a row's.
template <typename Dot>
constexpr int kHalves = Dot::kLeftStep / 4;

/// Some words of a panel, or half of each.
template <typename Dot>
MI2_INLINE typename Dot::Right right_of(const std::byte* from, int half) {
  if constexpr (kHalves<Dot> == 1) {
    return Dot::right(from);
  } else {
    return Dot::right(from, half);
  }
}

template <typename Dot, int R, int P>
void microkernel(const GemmBlock& p, std::int64_t row, std::int64_t panel, Fetch& fetch) {
  constexpr int kVectors = static_cast<int>(kPanel / kLanes);
  constexpr int kAtOnce = 4;  // steps: their operands' addresses differ by constants
  constexpr bool kDense = Dot::kLeftChunk == 16 * Dot::kLeftStep;
  static_assert(R <= 15);
  typename Dot::Sum sums[R][P * kVectors];
  auto* out = static_cast<float*>(p.sums);
  const std::int64_t stride = p.epilogue == nullptr ? p.sums_stride : P * kPanel;
  if (p.epilogue == nullptr) out += row * stride + panel * kPanel;
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < P * kVectors; ++v) {
      sums[r][v] = p.first ? Dot::zero() : Dot::load_sums(out + r * stride + v * kLanes);
    }
  }
  LeftRows left(static_cast<const std::byte*>(p.left) + row * p.left_stride, p.left_stride);
  const auto* right = static_cast<const std::byte*>(p.right) + panel * p.right_stride;
  const std::int64_t right_stride = p.right_stride;
  const bool in_stream = fetch.in_stream;
  const auto four_steps = [&] {
    if (in_stream) {
#pragma GCC unroll 4
      for (int step = 0; step < kAtOnce; ++step) {
#pragma GCC unroll 8
        for (int v = 0; v < P; ++v) {
          __builtin_prefetch(right + v * right_stride + step * Dot::kRightStep + kStreamAhead, 0, 3);
        }
      }
    }
#pragma GCC unroll 4
    for (int step = 0; step < kAtOnce; ++step) {
#pragma GCC unroll 2
      for (int half = 0; half < kHalves<Dot>; ++half) {
        typename Dot::Right columns[P * kVectors];
#pragma GCC unroll 8
        for (int v = 0; v < P * kVectors; ++v) {
          columns[v] = right_of<Dot>(
              right + (v / kVectors) * right_stride + step * Dot::kRightStep + (v % kVectors) * kLanes * 4, half);
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const auto x = Dot::left(left[r] + step * Dot::kLeftStep + half * 4);
#pragma GCC unroll 8
          for (int v = 0; v < P * kVectors; ++v) sums[r][v] = Dot::dot(sums[r][v], x, columns[v]);
        }
      }
    }
    left.advance(kAtOnce * Dot::kLeftStep);
    right += kAtOnce * Dot::kRightStep;
  };
  for (std::int64_t chunk = 0; chunk < p.chunks; ++chunk) {
    fetch.some();
    for (int i = 0; i < 16 / kAtOnce; ++i) four_steps();
    if constexpr (!kDense) {
      left.advance(Dot::kLeftChunk - 16 * Dot::kLeftStep);
      right += Dot::kRightChunk - 16 * Dot::kRightStep;
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < P * kVectors; ++v) Dot::store_sums(out + r * stride + v * kLanes, sums[r][v]);
  }
}

/// Rows of the destination, fetched while their tile is computed.
MI2_INLINE void fetch_destination(const Epilogue& end) {
  const std::int64_t size = end.dtype == tensor::DType::kF32 ? 4 : 2;
  for (std::int64_t r = 0; r < end.rows; ++r) {
    const auto* to = static_cast<const std::byte*>(end.out) + r * end.out_stride * size;
    for (std::int64_t at = 0; at < end.columns * size; at += 64) __builtin_prefetch(to + at, 1);
  }
}

template <typename Dot, int P, int... Rows>
void product_rows(const GemmBlock& p, std::int64_t panel, std::integer_sequence<int, Rows...>) {
  using Function = void (*)(const GemmBlock&, std::int64_t, std::int64_t, Fetch&);
  static constexpr Function kTiles[] = {microkernel<Dot, Rows + 1, P>...};
  // Tiles of nearly equal heights: a last tile of one row would wait for its own sums.
  const std::int64_t tiles = (p.rows + Dot::kRows - 1) / Dot::kRows;
  Fetch fetch = fetch_panels(p, panel + P, P, Dot::kRightChunk, tiles);
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t row = p.rows * t / tiles;
    const std::int64_t height = p.rows * (t + 1) / tiles - row;
    if (p.epilogue == nullptr) {
      kTiles[height - 1](p, row, panel, fetch);
      continue;
    }
    Epilogue end = part_of(*p.epilogue, row, height, panel * kPanel, P * kPanel);
    end.sums = p.sums;
    end.sums_stride = P * kPanel;
    fetch_destination(end);
    kTiles[height - 1](p, row, panel, fetch);
    epilogue(end);
  }
}

template <typename Dot>
void product(const GemmBlock& p) {
  using Rows = std::make_integer_sequence<int, Dot::kRows>;
  std::int64_t panel = 0;
  for (; panel + Dot::kPanels <= p.panels; panel += Dot::kPanels) product_rows<Dot, Dot::kPanels>(p, panel, Rows{});
  for (; panel < p.panels; ++panel) product_rows<Dot, 1>(p, panel, Rows{});
}

/// The table's entry for a Dot.
template <typename Dot>
constexpr ProductKernel product_kernel(Operand left, std::int64_t depth) {
  return {product<Dot>, left, depth, Dot::kLeftChunk, Dot::kRightChunk, Dot::kRows, Dot::kPanels, kDotBlocking};
}
