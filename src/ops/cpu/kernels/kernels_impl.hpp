// The text of every kernel, compiled once per instruction set (kernels_portable.cpp, kernels_avx2.cpp).
// The including file has opened namespace mi2::ops::cpu and an anonymous namespace inside it.

#include "ops/cpu/kernels/vector_math.hpp"

/// R rows of one panel: twelve accumulators stay in registers over the whole of k.
template <int R, typename B>
MI2_INLINE void tile(const Product& p, const float* a, const B* b, std::int64_t b_stride, std::int64_t column,
                     float* c) {
  Floats left[R];
  Floats right[R];
  for (int r = 0; r < R; ++r) left[r] = right[r] = splat(0.0F);
  for (std::int64_t k = 0; k < p.k; ++k) {
    const Floats b0 = load(b + k * b_stride);
    const Floats b1 = load(b + k * b_stride + kLanes);
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const Floats x = splat(a[r * p.lda + k]);
      left[r] += x * b0;
      right[r] += x * b1;
    }
  }
  const std::int64_t columns = p.n - column;
  if (columns >= kPanel) {
    for (int r = 0; r < R; ++r) {
      float* row = c + r * p.ldc;
      if (p.accumulate) {
        left[r] += load(row);
        right[r] += load(row + kLanes);
      }
      if (p.bias != nullptr) {
        left[r] += load(p.bias + column);
        right[r] += load(p.bias + column + kLanes);
      }
      store(row, activated(left[r], p.activation));
      store(row + kLanes, activated(right[r], p.activation));
    }
    return;
  }
  for (int r = 0; r < R; ++r) {
    float row[kPanel];
    store(row, left[r]);
    store(row + kLanes, right[r]);
    for (std::int64_t i = 0; i < columns; ++i) {
      row[i] += (p.accumulate ? c[r * p.ldc + i] : 0.0F) + (p.bias != nullptr ? p.bias[column + i] : 0.0F);
    }
    store(row, activated(load(row), p.activation));
    store(row + kLanes, activated(load(row + kLanes), p.activation));
    for (std::int64_t i = 0; i < columns; ++i) c[r * p.ldc + i] = row[i];
  }
}

template <typename B>
MI2_INLINE void tile_rows(const Product& p, std::int64_t row, const B* b, std::int64_t b_stride, std::int64_t column) {
  const float* a = p.a + row * p.lda;
  float* c = p.c + row * p.ldc + column;
  switch (p.m - row) {
    case 1:
      return tile<1>(p, a, b, b_stride, column, c);
    case 2:
      return tile<2>(p, a, b, b_stride, column, c);
    case 3:
      return tile<3>(p, a, b, b_stride, column, c);
    case 4:
      return tile<4>(p, a, b, b_stride, column, c);
    case 5:
      return tile<5>(p, a, b, b_stride, column, c);
    default:
      return tile<6>(p, a, b, b_stride, column, c);
  }
}

void multiply(const Product& p) {
  // Widening a panel once pays when at least this many row tiles use it.
  constexpr std::int64_t kWidenFrom = 3 * kTileRows;
  for (std::int64_t column = 0; column < p.n; column += kPanel) {
    const std::int64_t at = column / kPanel * p.panel_stride;
    if (p.b_bf16 != nullptr && p.m < kWidenFrom) {
      for (std::int64_t row = 0; row < p.m; row += kTileRows) tile_rows(p, row, p.b_bf16 + at, kPanel, column);
      continue;
    }
    const float* b = p.scratch;
    std::int64_t stride = kPanel;
    if (p.b_bf16 != nullptr) {
      for (std::int64_t i = 0; i < p.k * kPanel; i += kLanes) store(p.scratch + i, load(p.b_bf16 + at + i));
    } else {
      b = p.b + at;
      stride = p.row_stride;
    }
    for (std::int64_t row = 0; row < p.m; row += kTileRows) tile_rows(p, row, b, stride, column);
  }
}

void softmax(float* x, std::int64_t rows, std::int64_t n, std::int64_t stride) {
  for (std::int64_t r = 0; r < rows; ++r) {
    float* row = x + r * stride;
    float top = row[0];
    std::int64_t i = 0;
    if (n >= kLanes) {
      Floats tops = load(row);
      for (i = kLanes; i + kLanes <= n; i += kLanes) tops = maximum(tops, load(row + i));
      top = largest(tops);
    }
    for (; i < n; ++i) top = row[i] > top ? row[i] : top;
    Floats sums = splat(0.0F);
    float total = 0;
    for (i = 0; i + kLanes <= n; i += kLanes) {
      const Floats e = exponential(load(row + i) - splat(top));
      store(row + i, e);
      sums += e;
    }
    for (; i < n; ++i) {
      row[i] = exponential(splat(row[i] - top))[0];
      total += row[i];
    }
    const float scale = 1.0F / (total + sum(sums));
    for (i = 0; i + kLanes <= n; i += kLanes) store(row + i, load(row + i) * splat(scale));
    for (; i < n; ++i) row[i] *= scale;
  }
}

template <typename T>
void attend_as(const Attend& p) {
  const std::int64_t size = p.size;
  const std::int64_t panels_of_keys = (p.key_count + kPanel - 1) / kPanel;
  const std::int64_t key_columns = panels_of_keys * kPanel;
  const std::int64_t value_columns = (size + kPanel - 1) / kPanel * kPanel;
  float* keys = p.scratch;                                // panels of [size, kPanel]
  float* values = keys + key_columns * size;              // [key_count, value_columns]
  float* queries = values + p.key_count * value_columns;  // [query_count, size]
  float* scores = queries + p.query_count * size;         // [kTileRows, key_columns]
  float* result = scores + kTileRows * key_columns;       // [kTileRows, value_columns]

  for (std::int64_t j = 0; j < key_columns; ++j) {
    float* key = keys + j / kPanel * size * kPanel + j % kPanel;
    if (j >= p.key_count) {
      for (std::int64_t c = 0; c < size; ++c) key[c * kPanel] = 0.0F;
      continue;
    }
    const T* row = static_cast<const T*>(p.keys[j]);
    float* value = values + j * value_columns;
    for (std::int64_t c = 0; c < size; ++c) key[c * kPanel] = widen(row[p.key_at + c]);
    for (std::int64_t c = 0; c < size; ++c) value[c] = widen(row[p.value_at + c]);
    for (std::int64_t c = size; c < value_columns; ++c) value[c] = 0.0F;
  }
  for (std::int64_t i = 0; i < p.query_count; ++i) {
    const T* row = static_cast<const T*>(p.queries[i]) + p.query_at;
    for (std::int64_t c = 0; c < size; ++c) queries[i * size + c] = widen(row[c]) * p.scale;
  }

  Product qk;
  qk.n = p.key_count;
  qk.k = size;
  qk.lda = size;
  qk.b = keys;
  qk.panel_stride = size * kPanel;
  qk.c = scores;
  qk.ldc = key_columns;
  Product pv;
  pv.n = value_columns;
  pv.k = p.key_count;
  pv.a = scores;
  pv.lda = key_columns;
  pv.b = values;
  pv.panel_stride = kPanel;
  pv.row_stride = value_columns;
  pv.c = result;
  pv.ldc = value_columns;
  for (std::int64_t first = 0; first < p.query_count; first += kTileRows) {
    const std::int64_t rows = p.query_count - first < kTileRows ? p.query_count - first : kTileRows;
    qk.m = pv.m = rows;
    qk.a = queries + first * size;
    multiply(qk);
    for (std::int64_t r = 0; r < rows; ++r) scores[r * key_columns + p.key_count - 1] += p.last_key_logit;
    softmax(scores, rows, p.key_count, key_columns);
    multiply(pv);
    for (std::int64_t r = 0; r < rows; ++r) {
      T* out = static_cast<T*>(p.out[first + r]) + p.query_at;
      for (std::int64_t c = 0; c < size; ++c) narrow(out + c, result[r * value_columns + c]);
    }
  }
}

void attend(const Attend& p) {
  if (p.dtype == DType::kF32) {
    attend_as<float>(p);
  } else {
    attend_as<BFloat16>(p);
  }
}

void moments(const float* x, std::int64_t n, float epsilon, float* mean, float* scale) {
  Floats sums = splat(0.0F);
  float total = 0;
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) sums += load(x + i);
  for (; i < n; ++i) total += x[i];
  const float average = (total + sum(sums)) / static_cast<float>(n);
  sums = splat(0.0F);
  total = 0;
  for (i = 0; i + kLanes <= n; i += kLanes) {
    const Floats d = load(x + i) - splat(average);
    sums += d * d;
  }
  for (; i < n; ++i) total += (x[i] - average) * (x[i] - average);
  *mean = average;
  *scale = 1.0F / __builtin_sqrtf((total + sum(sums)) / static_cast<float>(n) + epsilon);
}

void normalize(const float* x, std::int64_t n, float mean, float scale, const float* weight, const float* bias,
               float* out) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(out + i, (load(x + i) - splat(mean)) * splat(scale) * load(weight + i) + load(bias + i));
  }
  for (; i < n; ++i) out[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

/// One output pixel; `left` and `right` say whether it has neighbours there.
MI2_INLINE void depthwise_pixel(const float* const* rows, std::int64_t at, std::int64_t channels, bool left, bool right,
                                const float* weight, const float* bias, float* out) {
  const auto sum_at = [&](std::int64_t c, auto load_at) {
    auto total = load_at(bias + c) + load_at(rows[1] + at + c);
    for (int ky = 0; ky < 3; ++ky) {
      if (rows[ky] == nullptr) continue;
      const float* x = rows[ky] + at + c;
      const float* w = weight + ky * 3 * channels + c;
      if (left) total += load_at(x - channels) * load_at(w);
      total += load_at(x) * load_at(w + channels);
      if (right) total += load_at(x + channels) * load_at(w + 2 * channels);
    }
    return total;
  };
  std::int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) store(out + at + c, sum_at(c, [](const float* p) { return load(p); }));
  for (; c < channels; ++c) out[at + c] = sum_at(c, [](const float* p) { return *p; });
}

void depthwise_row(const float* const* rows, std::int64_t width, std::int64_t channels, const float* weight,
                   const float* bias, float* out) {
  for (std::int64_t x = 0; x < width; ++x) {
    depthwise_pixel(rows, x * channels, channels, x > 0, x + 1 < width, weight, bias, out);
  }
}

void to_bf16(const float* x, std::int64_t n, BFloat16* out) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load(x + i));
  for (; i < n; ++i) out[i] = BFloat16(x[i]);
}
