// Channels attend to each other over all tokens, a group at a time.

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
  /// Its columns from `at` on. Each token's lie in a line of their own, which nothing else would fetch in time.
  const T* columns_of(std::int64_t t, std::int64_t at) const {
    constexpr std::int64_t kAhead = 32;
    __builtin_prefetch(token(t + kAhead < p.tokens ? t + kAhead : p.tokens - 1) + at);
    return token(t) + at;
  }

  /// Rows of `count` tokens from column `at` on, as panels of channels; tokens past the last are zeros.
  void put_tokens(std::int64_t first, std::int64_t count, std::int64_t at) {
    if (count != kTokens || p.size != columns) set_zero(across, kTokens * columns * std::int64_t{sizeof(Element)});
    for (std::int64_t t = 0; t < count; t += kPerWord<Element>) {
      const bool both = t + 1 < count;
      copy_row(columns_of(first + t, at), p.size, rows);
      if (both) copy_row(columns_of(first + t + 1, at), p.size, rows + depth);
      put_rows(rows, both ? rows + depth : nullptr, p.size, t, kTokenChunks, across);
    }
  }

  /// scores += q^T k over some tokens.
  void add_scores(std::int64_t first, std::int64_t count) {
    put_tokens(first, count, p.query_at);
    const auto* words = reinterpret_cast<const float*>(across);
    auto* to = reinterpret_cast<float*>(down);
    constexpr std::int64_t kSteps = kTokenChunks * 16;
    for (std::int64_t c = 0; c < columns; c += kLanes) {
      const float* column = words + c / kPanel * kSteps * kPanel + c % kPanel;
      for (std::int64_t s = 0; s < kSteps; s += kLanes) {
        transpose(column + s * kPanel, kPanel, to + c * kSteps + s, kSteps);
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
    // The scores become the softmax in f32: a row is short, and only its rounding to `Element` is lost.
    for (std::int64_t i = 0; i < p.size; ++i) {
      float* score = scores + i * columns;
      float total;
      exponentials<1>(score, columns, last, p.scale, score, columns, &total);
      Element* weight = weights + i * depth;
      std::int64_t j = 0;
      for (; j + kLanes <= p.size; j += kLanes) store(weight + j, load(score + j) / splat(total));
      for (; j < p.size; ++j) narrow(weight + j, score[j] / total);
    }
    put_columns(weights, columns, size_chunks, panels);
  }

  /// Rows of `count` tokens from `first` on as the left side of a product: where they lie, if that can be read as one,
  /// or copied.
  const void* left_of_values(std::int64_t first, std::int64_t count) {
    if (in_place(first, count)) return token(first) + p.value_at;
    for (std::int64_t t = 0; t < count; ++t) {
      copy_row(columns_of(first + t, p.value_at), p.size, rows + t * depth);
      for (std::int64_t c = p.size; c < depth; ++c) narrow(rows + t * depth + c, 0.0F);
    }
    return rows;
  }
  bool in_place(std::int64_t first, std::int64_t count) const {
    return std::is_same_v<T, Element> && p.size == depth && first + rounded_up(count, kRowMultiple) <= p.tokens;
  }

  void write_values(std::int64_t first, std::int64_t count) {
    const std::int64_t stride = in_place(first, count) ? p.row * std::int64_t{sizeof(Element)} : size_chunks * 64;
    Products::multiply({left_of_values(first, count), stride, panels, size_chunks * kPanelChunk, size_chunks, count,
                        columns / kPanel, result, columns, true});
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
