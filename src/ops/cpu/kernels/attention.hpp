// Windows and texts: the tokens of a few rows attend to each other, a head at a time.

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

  /// What is written nowhere else where the sizes are not whole panels and chunks.
  void clear_padding() {
    if (key_columns != key_depth) set_zero(weights, kBlockSpace * key_depth * kBytes);
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
      if (p.another) __builtin_prefetch(static_cast<T*>(p.out[i]) + p.query_at + p.size, 1, 2);
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
    exponentials(scores, rows, key_columns, last, p.scale, weights, key_depth, totals);
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
  const auto rows_at = [&](std::int64_t first) {
    return p.query_count - first < kBlock ? p.query_count - first : kBlock;
  };
  // What has just been written is not what is read next: tiles wait for memory that vectors wrote, and these for tiles.
  float totals[2][kBlock];
  int turn = 0;
  head.multiply_by_keys(0, rows_at(0));
  for (std::int64_t first = 0; first < p.query_count; first += kBlock, turn ^= 1) {
    head.weigh(rows_at(first), totals[turn]);
    if (first > 0) head.write(first - kBlock, kBlock, totals[turn ^ 1]);
    if (first + kBlock < p.query_count) head.multiply_by_keys(first + kBlock, rows_at(first + kBlock));
    head.multiply_by_values(rows_at(first));
  }
  const std::int64_t final = (p.query_count - 1) / kBlock * kBlock;
  head.write(final, rows_at(final), totals[turn ^ 1]);
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
