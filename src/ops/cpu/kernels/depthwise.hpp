// x + depthwise 3 x 3 convolution.

/// A run of channels of one output row, weights in registers; `Run` floats or vectors of them.
template <typename Run, typename Load, typename Store>
MI2_INLINE void depthwise_channels(const float* const* rows, std::int64_t width, std::int64_t channels,
                                   const float* weight, const float* bias, float* out, Load load_at, Store store_at) {
  Run taps[9];
#pragma GCC unroll 9
  for (int i = 0; i < 9; ++i) taps[i] = load_at(weight + i * channels);
  const Run shift = load_at(bias);
  for (std::int64_t x = 0; x < width; ++x) {
    Run total = shift + load_at(rows[1] + x * channels);
#pragma GCC unroll 3
    for (int ky = 0; ky < 3; ++ky) {
      if (rows[ky] == nullptr) continue;
      const float* at = rows[ky] + x * channels;
      if (x > 0) total += load_at(at - channels) * taps[3 * ky];
      total += load_at(at) * taps[3 * ky + 1];
      if (x + 1 < width) total += load_at(at + channels) * taps[3 * ky + 2];
    }
    store_at(out + x * channels, total);
  }
}

void depthwise_row(const float* const* rows, std::int64_t width, std::int64_t channels, const float* weight,
                   const float* bias, float* out) {
  const auto from = [&](std::int64_t c, const float*(&shifted)[3]) {
    for (int ky = 0; ky < 3; ++ky) shifted[ky] = rows[ky] == nullptr ? nullptr : rows[ky] + c;
  };
  const float* shifted[3];
  std::int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    from(c, shifted);
    depthwise_channels<Floats>(
        shifted, width, channels, weight + c, bias + c, out + c, [](const float* p) { return load(p); },
        [](float* p, Floats x) { store(p, x); });
  }
  for (; c < channels; ++c) {
    from(c, shifted);
    depthwise_channels<float>(
        shifted, width, channels, weight + c, bias + c, out + c, [](const float* p) { return *p; },
        [](float* p, float x) { *p = x; });
  }
}
