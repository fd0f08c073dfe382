// The end of a product: from sums to values, with the bias, the activation, the residual and the rounding, while the
// sums are in the first-level cache.

template <bool kBytes, bool kAccumulate, Activation kActivation, typename Out>
void finish_as(Finish p) {  // a copy: what is stored below could lie in the caller's
  for (std::int64_t r = 0; r < p.rows; ++r) {
    const auto* sums = static_cast<const float*>(p.sums) + r * p.sums_stride;
    Out* out = static_cast<Out*>(p.out) + r * p.out_stride;
    const auto value_at = [&](std::int64_t c) {
      Floats value = load(sums + c);
      if constexpr (kBytes) {
        const std::int32_t zero = p.row_zero == nullptr ? 0 : p.row_zero[r];
        const Ints products = reinterpret_cast<Ints>(value) - splat_int(zero) * load_ints(p.column_sum + c);
        value = __builtin_convertvector(products, Floats) * (splat(p.row_scale[r]) * load(p.column_scale + c));
      }
      if (p.bias != nullptr) value += load(p.bias + c);
      return activated<kActivation, Out>(value);
    };
    std::int64_t c = 0;
    for (; c + kLanes <= p.columns; c += kLanes) {
      Floats value = value_at(c);
      if constexpr (kAccumulate) value += load(out + c);
      store(out + c, value);
    }
    if (c == p.columns) continue;
    // Sums, scales and biases are filled up to whole panels; the destination is not.
    float tail[kLanes];
    store(tail, value_at(c));
    for (std::int64_t i = 0; c + i < p.columns; ++i) {
      if constexpr (kAccumulate) tail[i] += widen(out[c + i]);
      narrow(out + c + i, tail[i]);
    }
  }
}

template <bool kBytes>
void finish_sums(const Finish& p) {
  if (p.accumulate) return finish_as<kBytes, true, Activation::kNone, float>(p);
  const bool f32 = p.dtype == DType::kF32;
  switch (p.activation) {
    case Activation::kNone:
      return f32 ? finish_as<kBytes, false, Activation::kNone, float>(p)
                 : finish_as<kBytes, false, Activation::kNone, BFloat16>(p);
    case Activation::kGelu:
      return f32 ? finish_as<kBytes, false, Activation::kGelu, float>(p)
                 : finish_as<kBytes, false, Activation::kGelu, BFloat16>(p);
    case Activation::kQuickGelu:
      return f32 ? finish_as<kBytes, false, Activation::kQuickGelu, float>(p)
                 : finish_as<kBytes, false, Activation::kQuickGelu, BFloat16>(p);
  }
}

void finish(const Finish& p) {
  if (p.row_scale != nullptr) {
    finish_sums<true>(p);
  } else {
    finish_sums<false>(p);
  }
}
