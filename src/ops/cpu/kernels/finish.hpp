// The end of a product: from sums to values, with the bias, the activation, the residual and the rounding, while the
// sums are in the first-level cache.

/// What one vector of columns needs of the outputs' own numbers.
template <bool kBytes>
struct FinishColumns {
  Floats bias = splat(0.0F);
  Floats scale = splat(1.0F);
  Ints sum = splat_int(0);

  FinishColumns(const Finish& p, std::int64_t column) {
    if (p.bias != nullptr) bias = load(p.bias + column);
    if constexpr (kBytes) {
      scale = load(p.column_scale + column);
      sum = load_ints(p.column_sum + column);
    }
  }
};

template <bool kBytes, Activation kActivation, typename Out>
MI2_INLINE Floats finished(const Finish& p, std::int64_t row, Floats sums, const FinishColumns<kBytes>& columns) {
  if constexpr (kBytes) {
    const std::int32_t zero = p.row_zero == nullptr ? 0 : p.row_zero[row];
    const Ints products = reinterpret_cast<Ints>(sums) - splat_int(zero) * columns.sum;
    sums = __builtin_convertvector(products, Floats) * (splat(p.row_scale[row]) * columns.scale);
  }
  return activated<kActivation, Out>(sums + columns.bias);
}

/// `kVectors` vectors of columns from `column` on, all rows.
template <int kVectors, bool kBytes, bool kAccumulate, Activation kActivation, typename Out>
MI2_INLINE void finish_columns(const Finish& p, std::int64_t column) {
  const FinishColumns<kBytes> left(p, column);
  const FinishColumns<kBytes> right(p, kVectors == 2 ? column + kLanes : column);
  const float* sums = static_cast<const float*>(p.sums) + column;
  Out* out = static_cast<Out*>(p.out) + column;
  for (std::int64_t r = 0; r < p.rows; ++r, sums += p.sums_stride, out += p.out_stride) {
    Floats value = finished<kBytes, kActivation, Out>(p, r, load(sums), left);
    if constexpr (kAccumulate) value += load(out);
    store(out, value);
    if constexpr (kVectors == 2) {
      value = finished<kBytes, kActivation, Out>(p, r, load(sums + kLanes), right);
      if constexpr (kAccumulate) value += load(out + kLanes);
      store(out + kLanes, value);
    }
  }
}

/// The last columns, fewer than a vector: sums, scales and biases are filled up to whole panels, the destination is
/// not.
template <bool kBytes, bool kAccumulate, Activation kActivation, typename Out>
void finish_tail(const Finish& p, std::int64_t column) {
  const FinishColumns<kBytes> columns(p, column);
  for (std::int64_t r = 0; r < p.rows; ++r) {
    const float* sums = static_cast<const float*>(p.sums) + r * p.sums_stride + column;
    Out* out = static_cast<Out*>(p.out) + r * p.out_stride;
    float tail[kLanes];
    store(tail, finished<kBytes, kActivation, Out>(p, r, load(sums), columns));
    for (std::int64_t i = 0; column + i < p.columns; ++i) {
      if constexpr (kAccumulate) tail[i] += widen(out[column + i]);
      narrow(out + column + i, tail[i]);
    }
  }
}

template <bool kBytes, bool kAccumulate, Activation kActivation, typename Out>
void finish_as(Finish p) {  // a copy: what is stored below could lie in the caller's
  std::int64_t column = 0;
  for (; column + 2 * kLanes <= p.columns; column += 2 * kLanes) {
    finish_columns<2, kBytes, kAccumulate, kActivation, Out>(p, column);
  }
  for (; column + kLanes <= p.columns; column += kLanes) {
    finish_columns<1, kBytes, kAccumulate, kActivation, Out>(p, column);
  }
  if (column < p.columns) finish_tail<kBytes, kAccumulate, kActivation, Out>(p, column);
}

template <bool kBytes>
void finish_sums(const Finish& p) {
  if (p.accumulate) return finish_as<kBytes, true, Activation::kNone, float>(p);
  const bool f32 = p.dtype == tensor::DType::kF32;
  switch (p.activation) {
    case Activation::kNone:
      return f32 ? finish_as<kBytes, false, Activation::kNone, float>(p)
                 : finish_as<kBytes, false, Activation::kNone, tensor::BFloat16>(p);
    case Activation::kGelu:
      return f32 ? finish_as<kBytes, false, Activation::kGelu, float>(p)
                 : finish_as<kBytes, false, Activation::kGelu, tensor::BFloat16>(p);
    case Activation::kQuickGelu:
      return f32 ? finish_as<kBytes, false, Activation::kQuickGelu, float>(p)
                 : finish_as<kBytes, false, Activation::kQuickGelu, tensor::BFloat16>(p);
  }
}

void finish(const Finish& p) {
  if (p.row_scale != nullptr) {
    finish_sums<true>(p);
  } else {
    finish_sums<false>(p);
  }
}
