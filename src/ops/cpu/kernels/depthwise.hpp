// x + depthwise 3 x 3 convolution.

/// `kPixels` neighbours of an output row from `x` on, all channels: what is read for one serves the next too.
/// `edge`: whether the row begins or ends within reach, so that neighbours must be looked for.
template <int kPixels, bool kEdge>
MI2_INLINE void depthwise_pixels(const float* const* rows, std::int64_t width, std::int64_t channels,
                                 const float* weight, const float* bias, std::int64_t x, float* out) {
  const auto run = [&](std::int64_t c, auto load_at, auto store_at) {
    using Run = decltype(load_at(bias));
    Run totals[kPixels];
    const Run shift = load_at(bias + c);
#pragma GCC unroll 4
    for (int i = 0; i < kPixels; ++i) totals[i] = shift + load_at(rows[1] + (x + i) * channels + c);
#pragma GCC unroll 3
    for (int ky = 0; ky < 3; ++ky) {
      if (rows[ky] == nullptr) continue;
      const float* taps = weight + 3 * ky * channels + c;
      const Run left = load_at(taps);
      const Run middle = load_at(taps + channels);
      const Run right = load_at(taps + 2 * channels);
#pragma GCC unroll 6
      for (int i = -1; i <= kPixels; ++i) {
        if (kEdge && (x + i < 0 || x + i >= width)) continue;
        const Run pixel = load_at(rows[ky] + (x + i) * channels + c);
        if (i + 1 < kPixels) totals[i + 1] += pixel * left;
        if (i >= 0 && i < kPixels) totals[i] += pixel * middle;
        if (i >= 1) totals[i - 1] += pixel * right;
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kPixels; ++i) store_at(out + (x + i) * channels + c, totals[i]);
  };
  std::int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    run(
        c, [](const float* p) { return load(p); }, [](float* p, Floats value) { store(p, value); });
  }
  for (; c < channels; ++c) {
    run(
        c, [](const float* p) { return *p; }, [](float* p, float value) { *p = value; });
  }
}

void depthwise_row(const float* const* rows, std::int64_t width, std::int64_t channels, const float* weight,
                   const float* bias, float* out) {
  constexpr int kPixels = 4;
  std::int64_t x = 0;
  for (; x + kPixels <= width; x += kPixels) {
    if (x > 0 && x + kPixels < width) {
      depthwise_pixels<kPixels, false>(rows, width, channels, weight, bias, x, out);
    } else {
      depthwise_pixels<kPixels, true>(rows, width, channels, weight, bias, x, out);
    }
  }
  for (; x < width; ++x) depthwise_pixels<1, true>(rows, width, channels, weight, bias, x, out);
}
