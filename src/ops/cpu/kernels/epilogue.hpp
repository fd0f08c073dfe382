// The end of a product: from sums to values, with the bias, the activation, the residual and the rounding, while the
// sums are in the first-level cache.

/// What one vector of columns needs of the outputs' own numbers.
template <bool kBytes>
struct EpilogueColumns {
  Floats bias = splat(0.0F);
  Floats scale = splat(1.0F);
  Ints sum = splat_int(0);

  EpilogueColumns() = default;
  EpilogueColumns(const Epilogue& p, std::int64_t column) {
    if (p.bias != nullptr) bias = load(p.bias + column);
    if constexpr (kBytes) {
      scale = load(p.column_scale + column);
      sum = load_ints(p.column_sum + column);
    }
  }
};

template <bool kBytes, Activation kActivation, typename Out>
MI2_INLINE Floats epilogue_value(const Epilogue& p, std::int64_t row, Floats sums,
                                 const EpilogueColumns<kBytes>& columns) {
  if constexpr (kBytes) {
    const std::int32_t zero = p.row_zero == nullptr ? 0 : p.row_zero[row];
    const Ints products = reinterpret_cast<Ints>(sums) - splat_int(zero) * columns.sum;
    const Floats scale = splat(p.row_scale[row]) * columns.scale;
    return activated<kActivation, Out>(multiply_add(__builtin_convertvector(products, Floats), scale, columns.bias));
  } else {
    return activated<kActivation, Out>(sums + columns.bias);
  }
}

/// `kVectors` vectors of columns from `column` on, all rows.
template <int kVectors, bool kBytes, bool kAccumulate, Activation kActivation, typename Out>
MI2_INLINE void epilogue_columns(const Epilogue& p, std::int64_t column) {
  const EpilogueColumns<kBytes> left(p, column);
  const EpilogueColumns<kBytes> right(p, kVectors == 2 ? column + kLanes : column);
  const float* sums = static_cast<const float*>(p.sums) + column;
  Out* out = static_cast<Out*>(p.out) + column;
  for (std::int64_t r = 0; r < p.rows; ++r, sums += p.sums_stride, out += p.out_stride) {
    Floats value = epilogue_value<kBytes, kActivation, Out>(p, r, load(sums), left);
    if constexpr (kAccumulate) value += load(out);
    store(out, value);
    if constexpr (kVectors == 2) {
      value = epilogue_value<kBytes, kActivation, Out>(p, r, load(sums + kLanes), right);
      if constexpr (kAccumulate) value += load(out + kLanes);
      store(out + kLanes, value);
    }
  }
}

/// The last columns, fewer than a vector: sums, scales and biases are padded to whole panels, the destination is
/// not.
template <bool kBytes, bool kAccumulate, Activation kActivation, typename Out>
void epilogue_tail(const Epilogue& p, std::int64_t column) {
  const EpilogueColumns<kBytes> columns(p, column);
  for (std::int64_t r = 0; r < p.rows; ++r) {
    const float* sums = static_cast<const float*>(p.sums) + r * p.sums_stride + column;
    Out* out = static_cast<Out*>(p.out) + r * p.out_stride;
    float tail[kLanes];
    store(tail, epilogue_value<kBytes, kActivation, Out>(p, r, load(sums), columns));
    for (std::int64_t i = 0; column + i < p.columns; ++i) {
      if constexpr (kAccumulate) tail[i] += widen(out[column + i]);
      narrow(out + column + i, tail[i]);
    }
  }
}

template <bool kBytes, bool kAccumulate, Activation kActivation, typename Out>
void epilogue_as(Epilogue p) {  // a copy: what is stored below could lie in the caller's
  std::int64_t column = 0;
  for (; column + 2 * kLanes <= p.columns; column += 2 * kLanes) {
    epilogue_columns<2, kBytes, kAccumulate, kActivation, Out>(p, column);
  }
  for (; column + kLanes <= p.columns; column += kLanes) {
    epilogue_columns<1, kBytes, kAccumulate, kActivation, Out>(p, column);
  }
  if (column < p.columns) epilogue_tail<kBytes, kAccumulate, kActivation, Out>(p, column);
}

/// Calls `use`, a template of <kAccumulate, kActivation, Out>, for what `p` asks for.
template <typename Use>
MI2_INLINE void for_epilogue_kind(const Epilogue& p, const Use& use) {
  if (p.accumulate) return use.template operator()<true, Activation::kNone, float>();
  const bool f32 = p.dtype == tensor::DType::kF32;
  switch (p.activation) {
    case Activation::kNone:
      return f32 ? use.template operator()<false, Activation::kNone, float>()
                 : use.template operator()<false, Activation::kNone, tensor::BFloat16>();
    case Activation::kGelu:
      return f32 ? use.template operator()<false, Activation::kGelu, float>()
                 : use.template operator()<false, Activation::kGelu, tensor::BFloat16>();
    case Activation::kQuickGelu:
      return f32 ? use.template operator()<false, Activation::kQuickGelu, float>()
                 : use.template operator()<false, Activation::kQuickGelu, tensor::BFloat16>();
  }
}

template <bool kBytes>
void epilogue_sums(const Epilogue& p) {
  for_epilogue_kind(p, [&p]<bool kAccumulate, Activation kActivation, typename Out>() {
    epilogue_as<kBytes, kAccumulate, kActivation, Out>(p);
  });
}

void epilogue(const Epilogue& p) {
  if (p.row_scale != nullptr) {
    epilogue_sums<true>(p);
  } else {
    epilogue_sums<false>(p);
  }
}

/// The part of `p` that rows [row, row + rows) by columns [column, column + columns) are for; the sums are the
/// caller's.
MI2_INLINE Epilogue part_of(const Epilogue& p, std::int64_t row, std::int64_t rows, std::int64_t column,
                            std::int64_t columns) {
  Epilogue part = p;
  part.rows = rows;
  part.columns = p.columns - column < columns ? p.columns - column : columns;
  if (p.row_scale != nullptr) {
    part.row_scale += row;
    part.column_scale += column;
    part.column_sum += column;
    if (p.row_zero != nullptr) part.row_zero += row;
  }
  if (p.bias != nullptr) part.bias += column;
  const std::int64_t at = row * p.out_stride + column;
  part.out = static_cast<std::byte*>(p.out) + at * (p.dtype == tensor::DType::kF32 ? 4 : 2);
  return part;
}
