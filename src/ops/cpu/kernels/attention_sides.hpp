// What the attentions are made of: two products each with a softmax between. Keys, values and probabilities are laid
// out as sides of products (microkernel.hpp) in scratch memory; scores exist a few rows at a time.
//
// `T` is what the rows hold, `Products` how they are multiplied: bfloat16 where the processor does that itself, else
// floats.
//
//   Element                 of the sides
//   kRows                   queries that are best taken at a time
//   begin(), end()          around some products
//   multiply(GemmBlock)     without an epilogue; rows of the left side and sums exist up to a multiple of kRowMultiple

/// Rows of scratch memory that a product may touch beyond its own: up to a multiple of this.
constexpr std::int64_t kRowMultiple = 16;

/// Products by a Dot of microkernel.hpp.
template <typename Dot>
struct DotProducts {
  using Element = std::conditional_t<std::is_same_v<Dot, F32Dot>, float, tensor::BFloat16>;
  static constexpr std::int64_t kRows = 2 * Dot::kRows;
  static void begin() {}
  static void end() {}
  static void multiply(const GemmBlock& p) { product<Dot>(p); }
};

MI2_INLINE std::int64_t rounded_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/// How many elements make a 32-bit word, and a chunk.
template <typename Element>
inline constexpr std::int64_t kPerWord = 4 / static_cast<std::int64_t>(sizeof(Element));
template <typename Element>
inline constexpr std::int64_t kPerChunk = 64 / static_cast<std::int64_t>(sizeof(Element));

/// Rows are short: a call of memcpy would take longer than the copy.
template <typename From, typename To>
MI2_INLINE void copy_row(const From* from, std::int64_t n, To* to) {
  std::int64_t i = 0;
  for (; i + kPanel <= n; i += kPanel) {
    if constexpr (std::is_same_v<From, To>) {
      __builtin_memcpy(static_cast<void*>(to + i), from + i, kPanel * sizeof(To));
    } else {
      for (std::int64_t j = i; j < i + kPanel; j += kLanes) store(to + j, load(from + j));
    }
  }
  for (; i < n; ++i) narrow(to + i, widen(from[i]));
}

/// A square of words from rows of `stride` words, transposed into rows of `to_stride` words.
MI2_INLINE void transpose(const float* from, std::int64_t stride, float* to, std::int64_t to_stride) {
  Ints square[kLanes];
  for (std::int64_t i = 0; i < kLanes; ++i) square[i] = load_ints(from + i * stride);
  transpose(square);
  for (std::int64_t i = 0; i < kLanes; ++i) store_ints(to + i * to_stride, square[i]);
}

/// Panels whose columns are rows: `rows` of whole chunks, one after the other, go down the columns. Columns past the
/// last row of a panel repeat whatever follows in memory.
MI2_INLINE void put_columns(const void* rows, std::int64_t count, std::int64_t chunks, float* panels) {
  const std::int64_t words = 16 * chunks;
  const auto* from = static_cast<const float*>(rows);
  for (std::int64_t j = 0; j < count; j += kLanes) {
    float* column = panels + j / kPanel * chunks * (kPanelChunk / 4) + j % kPanel;
    for (std::int64_t w = 0; w < words; w += kLanes)
      transpose(from + j * words + w, words, column + w * kPanel, kPanel);
  }
}

/// Panels whose rows are rows: row `j` of n floats goes along step j.
MI2_INLINE void put_rows(const float* row, const float* /*next*/, std::int64_t n, std::int64_t j, std::int64_t chunks,
                         float* panels) {
  for (std::int64_t c = 0; c < n; c += kPanel) {
    float* to = panels + (c / kPanel * chunks * 16 + j) * kPanel;
    const std::int64_t run = n - c < kPanel ? n - c : kPanel;
    for (std::int64_t i = 0; i < run; ++i) to[i] = row[c + i];
  }
}
/// Rows `j`, even, and j + 1 go side by side along step j / 2; no next row is one of zeros.
MI2_INLINE void put_rows(const tensor::BFloat16* row, const tensor::BFloat16* next, std::int64_t n, std::int64_t j,
                         std::int64_t chunks, tensor::BFloat16* panels) {
  for (std::int64_t c = 0; c < n; c += kPanel) {
    tensor::BFloat16* to = panels + (c / kPanel * chunks * 16 + j / 2) * 2 * kPanel;
    const std::int64_t run = n - c < kPanel ? n - c : kPanel;
    if (run == kPanel && next != nullptr) {
      for (std::int64_t i = 0; i < kPanel; i += kLanes) {
        const Ints words = interleave(row + c + i, next + c + i);
        __builtin_memcpy(static_cast<void*>(to + 2 * i), &words, sizeof words);
      }
      continue;
    }
    for (std::int64_t i = 0; i < run; ++i) {
      const std::uint32_t upper = next == nullptr ? 0 : next[c + i].bits;
      const std::uint32_t word = row[c + i].bits | upper << 16U;
      __builtin_memcpy(static_cast<void*>(to + 2 * i), &word, 4);
    }
  }
}

/// 64-byte aligned pieces of a block of memory, one after the other.
struct BumpAllocator {
  std::byte* next;
  template <typename U>
  U* take(std::int64_t count) {
    U* piece = reinterpret_cast<U*>(next);
    next += rounded_up(count * static_cast<std::int64_t>(sizeof(U)), 64);
    return piece;
  }
};

MI2_INLINE void set_zero(void* from, std::int64_t bytes) { __builtin_memset(from, 0, static_cast<std::size_t>(bytes)); }

/// Below every score: its exponential is as good as zero.
constexpr float kNever = -__builtin_inff();

/// What is added to the last panel of a row of scores, which may have columns that stand for no key or for many.
struct LastPanel {
  float add[kPanel];

  /// @param count  columns that stand for a key
  /// @param last   added to the last one
  LastPanel(std::int64_t count, std::int64_t columns, float last) {
    for (std::int64_t i = 0; i < kPanel; ++i) {
      const std::int64_t column = columns - kPanel + i;
      add[i] = column >= count ? kNever : column + 1 == count ? last : 0.0F;
    }
  }
};

/// out = e^(scale * (x - max x)) over `columns`, whole panels, of R rows at once: the steps of one row wait for each
/// other, from the largest to the sum. `totals`: the sum of what was written to each row of `out`.
/// Nothing is put into x: what a vector reads right after a single number was stored there has to wait for it.
template <int R, typename Element>
MI2_INLINE void exponentials(const float* x, std::int64_t columns, const LastPanel& last, float scale, Element* out,
                             std::int64_t out_stride, float* totals) {
  const std::int64_t before = columns - kPanel;
  Floats tops[R];
  for (Floats& top : tops) top = splat(kNever);
  for (std::int64_t i = 0; i < before; i += kLanes) {
    for (int r = 0; r < R; ++r) tops[r] = maximum(tops[r], load(x + r * columns + i));
  }
  for (std::int64_t i = before; i < columns; i += kLanes) {
    for (int r = 0; r < R; ++r) {
      tops[r] = maximum(tops[r], load(x + r * columns + i) + load(last.add + (i - before)));
    }
  }
  for (Floats& top : tops) top = splat(largest(top));
  Floats sums[R];
  for (Floats& total : sums) total = splat(0.0F);
  const auto weigh = [&](int r, Floats score) {
    Floats e;
    if constexpr (std::is_same_v<Element, tensor::BFloat16>) {
      e = rough_power_of_2(score * splat(scale * kLog2E) - tops[r] * splat(scale * kLog2E));
    } else {
      // The difference first: it is exact where it matters, near the largest, however large the scores are.
      e = exponential((score - tops[r]) * splat(scale));
    }
    sums[r] += e;
    return e;
  };
  std::int64_t i = 0;
  for (; i + 2 * kLanes <= before; i += 2 * kLanes) {
    for (int r = 0; r < R; ++r) {
      const float* scores = x + r * columns + i;
      const Floats left = weigh(r, load(scores));
      store_both(out + r * out_stride + i, left, weigh(r, load(scores + kLanes)));
    }
  }
  for (; i < columns; i += kLanes) {
    for (int r = 0; r < R; ++r) {
      const Floats score = load(x + r * columns + i);
      store(out + r * out_stride + i, weigh(r, i < before ? score : score + load(last.add + (i - before))));
    }
  }
  for (int r = 0; r < R; ++r) totals[r] = sum(sums[r]);
}

/// The same of `rows` rows, which lie one after the other.
template <typename Element>
MI2_INLINE void exponentials(const float* x, std::int64_t rows, std::int64_t columns, const LastPanel& last,
                             float scale, Element* out, std::int64_t out_stride, float* totals) {
  constexpr int kTogether = 4;
  std::int64_t r = 0;
  for (; r + kTogether <= rows; r += kTogether) {
    exponentials<kTogether>(x + r * columns, columns, last, scale, out + r * out_stride, out_stride, totals + r);
  }
  for (; r < rows; ++r) {
    exponentials<1>(x + r * columns, columns, last, scale, out + r * out_stride, out_stride, totals + r);
  }
}
