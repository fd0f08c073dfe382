// The attentions, as two products each with a softmax between. Keys, values and probabilities are laid out as sides of
// products (microkernel.hpp) in scratch memory, a head or a group at a time; scores exist a few rows at a time.
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

/// Panels whose columns are rows: `rows` of whole chunks, one after the other, go down the columns. Columns past the
/// last row of a panel repeat whatever follows in memory.
MI2_INLINE void put_columns(const void* rows, std::int64_t count, std::int64_t chunks, float* panels) {
  const std::int64_t words = 16 * chunks;
  const auto* from = static_cast<const std::byte*>(rows);
  for (std::int64_t j = 0; j < count; j += kLanes) {
    float* column = panels + j / kPanel * chunks * (kPanelChunk / 4) + j % kPanel;
    for (std::int64_t w = 0; w < words; ++w) {
      const Ints words_of_rows = gather(from + 4 * (j * words + w), static_cast<std::int32_t>(words));
      __builtin_memcpy(static_cast<void*>(column + w * kPanel), &words_of_rows, sizeof words_of_rows);
    }
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

/// out = e^(scale * (x - max x)) over `columns`, whole panels. @returns the sum of what was written to `out`.
/// Nothing is put into x: what a vector reads right after a single number was stored there has to wait for it.
template <typename Element>
MI2_INLINE float exponentials(const float* x, std::int64_t columns, const LastPanel& last, float scale, Element* out) {
  const std::int64_t before = columns - kPanel;
  Floats tops = splat(kNever);
  for (std::int64_t i = 0; i < before; i += kLanes) tops = maximum(tops, load(x + i));
  for (std::int64_t i = 0; i < kPanel; i += kLanes) tops = maximum(tops, load(x + before + i) + load(last.add + i));
  const float top = largest(tops);
  Floats sums = splat(0.0F);
  const auto put = [&](std::int64_t i, Floats score) {
    Floats e;
    if constexpr (std::is_same_v<Element, tensor::BFloat16>) {
      e = rough_power_of_2(score * splat(scale * kLog2E) - splat(top * scale * kLog2E));
    } else {
      // The difference first: it is exact where it matters, near the largest, however large the scores are.
      e = exponential((score - splat(top)) * splat(scale));
    }
    sums += e;
    store(out + i, e);
  };
  for (std::int64_t i = 0; i < before; i += kLanes) put(i, load(x + i));
  for (std::int64_t i = 0; i < kPanel; i += kLanes) put(before + i, load(x + before + i) + load(last.add + i));
  return sum(sums);
}

/// The sides of one head's two products. Query rows are taken `kBlock` at a time, so that few scores exist at once.
template <typename T, typename Products>
struct AttentionHead {
  using Element = typename Products::Element;
  static constexpr std::int64_t kBlock = Products::kRows;
  static constexpr std::int64_t kBlockSpace = (kBlock + kRowMultiple - 1) / kRowMultiple * kRowMultiple;
  static constexpr std::int64_t kBytes = sizeof(Element);

  const Attend& p;
  std::int64_t size_chunks = (p.size + kPerChunk<Element> - 1) / kPerChunk<Element>;
  std::int64_t key_chunks = (p.key_count + kPerChunk<Element> - 1) / kPerChunk<Element>;
  std::int64_t depth = size_chunks * kPerChunk<Element>;
  std::int64_t key_depth = key_chunks * kPerChunk<Element>;
  std::int64_t key_columns = rounded_up(p.key_count, kPanel);
  std::int64_t value_columns = rounded_up(p.size, kPanel);
  BumpAllocator scratch{p.scratch};
  Element* key_rows = scratch.take<Element>(key_columns * depth);
  float* keys = scratch.take<float>(key_columns * depth / kPerWord<Element>);
  Element* values = scratch.take<Element>(key_depth * value_columns);
  Element* queries = scratch.take<Element>(rounded_up(p.query_count, kRowMultiple) * depth);
  Element* row = scratch.take<Element>(2 * depth);
  float* scores = scratch.take<float>(kBlockSpace * key_columns);
  Element* weights = scratch.take<Element>(kBlockSpace * key_depth);  ///< of the keys: the softmax before its division
  float* result = scratch.take<float>(kBlockSpace * value_columns);

  /// What put_ functions leave out where the sizes are not whole panels and chunks.
  void clear_padding() {
    if (p.size != depth || p.key_count != key_columns) set_zero(key_rows, key_columns * depth * kBytes);
    if (p.key_count != key_depth || p.size != value_columns) set_zero(values, key_depth * value_columns * kBytes);
    if (p.size != depth) {
      set_zero(queries, p.query_count * depth * kBytes);
      set_zero(row, 2 * depth * kBytes);
    }
  }

  /// Some columns of a token's row. The next head's may be far away: they are fetched into the second level.
  const T* columns_of(const void* token, std::int64_t at) const {
    const T* columns = static_cast<const T*>(token) + at;
    if (p.another) __builtin_prefetch(columns + p.size, 0, 2);
    return columns;
  }

  void put_keys() {
    for (std::int64_t j = 0; j < p.key_count; ++j) {
      copy_row(columns_of(p.keys[j], p.key_at), p.size, key_rows + j * depth);
    }
    put_columns(key_rows, key_columns, size_chunks, keys);
  }

  void put_values() {
    for (std::int64_t j = 0; j < p.key_count; j += kPerWord<Element>) {
      const Element* pair[2] = {row, j + 1 < p.key_count ? row + depth : nullptr};
      copy_row(columns_of(p.keys[j], p.value_at), p.size, row);
      if (kPerWord<Element> == 2 && pair[1] != nullptr) {
        copy_row(columns_of(p.keys[j + 1], p.value_at), p.size, row + depth);
      }
      put_rows(pair[0], pair[1], p.size, j, key_chunks, values);
    }
  }

  void put_queries() {
    for (std::int64_t i = 0; i < p.query_count; ++i) {
      copy_row(columns_of(p.queries[i], p.query_at), p.size, queries + i * depth);
    }
  }

  /// scores = q k^T of some queries.
  void multiply_by_keys(std::int64_t first, std::int64_t rows) {
    Products::multiply({queries + first * depth, size_chunks * 64, keys, size_chunks * kPanelChunk, size_chunks, rows,
                        key_columns / kPanel, scores, key_columns});
  }

  /// The scores' exponentials as `weights`, and their sum for each row.
  void weigh(std::int64_t rows, float* totals) {
    const LastPanel last(p.key_count, key_columns, p.last_key_logit / p.scale);
    for (std::int64_t r = 0; r < rows; ++r) {
      totals[r] = exponentials(scores + r * key_columns, key_columns, last, p.scale, weights + r * key_depth);
      set_zero(weights + r * key_depth + key_columns, (key_depth - key_columns) * kBytes);
    }
  }

  /// result = weights v.
  void multiply_by_values(std::int64_t rows) {
    Products::multiply({weights, key_chunks * 64, values, key_chunks * kPanelChunk, key_chunks, rows,
                        value_columns / kPanel, result, value_columns});
  }

  void write(std::int64_t first, std::int64_t rows, const float* totals) {
    for (std::int64_t r = 0; r < rows; ++r) {
      T* out = static_cast<T*>(p.out[first + r]) + p.query_at;
      const float inverse = 1.0F / totals[r];
      std::int64_t c = 0;
      for (; c + kLanes <= p.size; c += kLanes) store(out + c, load(result + r * value_columns + c) * splat(inverse));
      for (; c < p.size; ++c) narrow(out + c, result[r * value_columns + c] * inverse);
    }
  }
};

template <typename T, typename Products>
void attend_as(const Attend& p) {
  AttentionHead<T, Products> head{p};
  Products::begin();
  head.clear_padding();
  head.put_keys();
  head.put_values();
  head.put_queries();
  constexpr std::int64_t kBlock = AttentionHead<T, Products>::kBlock;
  for (std::int64_t first = 0; first < p.query_count; first += kBlock) {
    const std::int64_t rows = p.query_count - first < kBlock ? p.query_count - first : kBlock;
    float totals[kBlock];
    head.multiply_by_keys(first, rows);
    head.weigh(rows, totals);
    head.multiply_by_values(rows);
    head.write(first, rows, totals);
  }
  Products::end();
}

/// `Narrow`: the Products of bfloat16 activations.
template <typename Narrow>
void attend(const Attend& p) {
  if (p.dtype == tensor::DType::kF32) {
    attend_as<float, DotProducts<F32Dot>>(p);
  } else {
    attend_as<tensor::BFloat16, Narrow>(p);
  }
}

/// Tokens taken at a time by the channel attention: partial sums of this many keep f32 exact enough over 14,400.
constexpr std::int64_t kTokens = 256;

template <typename T, typename Products>
struct ChannelGroup {
  using Element = typename Products::Element;
  static constexpr std::int64_t kTokenChunks = kTokens / kPerChunk<Element>;

  const AttendChannels& p;
  std::int64_t columns = rounded_up(p.size, kPanel);
  std::int64_t size_chunks = (p.size + kPerChunk<Element> - 1) / kPerChunk<Element>;
  std::int64_t depth = size_chunks * kPerChunk<Element>;
  BumpAllocator scratch{p.scratch};
  float* scores = scratch.take<float>(columns * columns);
  Element* across = scratch.take<Element>(kTokens * columns);  ///< q, then k, one row per step
  Element* down = scratch.take<Element>(kTokens * columns);    ///< q, one row per channel
  Element* weights = scratch.take<Element>(columns * depth);   ///< the softmax, one row per channel
  float* panels = scratch.take<float>(columns * depth / kPerWord<Element>);
  Element* rows = scratch.take<Element>(kTokens * depth);
  float* result = scratch.take<float>(kTokens * columns);
  /// Of some tokens, where sums of all of them one after the other would lose what f32 promises.
  float* partial = std::is_same_v<Element, float> ? scratch.take<float>(columns * columns) : nullptr;

  const T* token(std::int64_t t) const { return static_cast<const T*>(p.first) + t * p.row; }

  /// Rows of `count` tokens from column `at` on, as panels of channels; tokens past the last are zeros.
  void put_tokens(std::int64_t first, std::int64_t count, std::int64_t at) {
    if (count != kTokens || p.size != columns) set_zero(across, kTokens * columns * std::int64_t{sizeof(Element)});
    for (std::int64_t t = 0; t < count; t += kPerWord<Element>) {
      const bool both = t + 1 < count;
      copy_row(token(first + t) + at, p.size, rows);
      if (both) copy_row(token(first + t + 1) + at, p.size, rows + depth);
      put_rows(rows, both ? rows + depth : nullptr, p.size, t, kTokenChunks, across);
    }
  }

  /// scores += q^T k over some tokens.
  void add_scores(std::int64_t first, std::int64_t count) {
    put_tokens(first, count, p.query_at);
    const auto* words = reinterpret_cast<const float*>(across);
    auto* to = reinterpret_cast<float*>(down);
    constexpr std::int64_t kSteps = kTokenChunks * 16;
    for (std::int64_t c = 0; c < columns; ++c) {
      const float* column = words + c / kPanel * kSteps * kPanel + c % kPanel;
      for (std::int64_t s = 0; s < kSteps; s += kLanes) {
        const Ints steps = gather(reinterpret_cast<const std::byte*>(column + s * kPanel), kPanel);
        __builtin_memcpy(static_cast<void*>(to + c * kSteps + s), &steps, sizeof steps);
      }
    }
    put_tokens(first, count, p.key_at);
    const bool apart = partial != nullptr && first > 0;
    Products::multiply({down, kTokenChunks * 64, across, kTokenChunks * kPanelChunk, kTokenChunks, columns,
                        columns / kPanel, apart ? partial : scores, columns, apart || first == 0});
    if (!apart) return;
    for (std::int64_t i = 0; i < columns * columns; i += kLanes)
      store(scores + i, load(scores + i) + load(partial + i));
  }

  /// The softmax of the scores as the right side of the product with v: row i goes down column i.
  void put_weights() {
    set_zero(weights, columns * depth * std::int64_t{sizeof(Element)});
    const LastPanel last(p.size, columns, 0.0F);
    for (std::int64_t i = 0; i < p.size; ++i) {
      float* score = scores + i * columns;
      // The scores become the softmax in f32: a row is short, and only its rounding to `Element` is lost.
      const float total = exponentials(score, columns, last, p.scale, score);
      for (std::int64_t j = 0; j < p.size; ++j) narrow(weights + i * depth + j, score[j] / total);
    }
    put_columns(weights, columns, size_chunks, panels);
  }

  void write_values(std::int64_t first, std::int64_t count) {
    for (std::int64_t t = 0; t < count; ++t) {
      copy_row(token(first + t) + p.value_at, p.size, rows + t * depth);
      for (std::int64_t c = p.size; c < depth; ++c) narrow(rows + t * depth + c, 0.0F);
    }
    Products::multiply({rows, size_chunks * 64, panels, size_chunks * kPanelChunk, size_chunks, count, columns / kPanel,
                        result, columns, true});
    for (std::int64_t t = 0; t < count; ++t) {
      T* out = static_cast<T*>(p.out) + (first + t) * p.out_row + p.query_at;
      std::int64_t c = 0;
      for (; c + kLanes <= p.size; c += kLanes) store(out + c, load(result + t * columns + c));
      for (; c < p.size; ++c) narrow(out + c, result[t * columns + c]);
    }
  }
};

template <typename T, typename Products>
void attend_channels_as(const AttendChannels& p) {
  ChannelGroup<T, Products> group{p};
  Products::begin();
  const auto count_at = [&](std::int64_t token) { return p.tokens - token < kTokens ? p.tokens - token : kTokens; };
  for (std::int64_t t = 0; t < p.tokens; t += kTokens) group.add_scores(t, count_at(t));
  group.put_weights();
  for (std::int64_t t = 0; t < p.tokens; t += kTokens) group.write_values(t, count_at(t));
  Products::end();
}

template <typename Narrow>
void attend_channels(const AttendChannels& p) {
  if (p.dtype == tensor::DType::kF32) {
    attend_channels_as<float, DotProducts<F32Dot>>(p);
  } else {
    attend_channels_as<tensor::BFloat16, Narrow>(p);
  }
}
