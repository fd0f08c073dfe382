// x + depthwise 3 x 3 convolution.

/// `kPixels` neighbours of an output row from `x` on, all channels: what is read for one serves the next too.
/// `edge`: whether the row begins or ends within reach, so that neighbours must be looked for.
template <int kPixels, bool kEdge>
MI2_INLINE void depthwise_pixels(const DepthwiseRow& p, std::int64_t x) {
  const std::int64_t channels = p.channels;
  const auto run = [&](std::int64_t c, auto load_at, auto store_at) {
    using Run = decltype(load_at(p.bias));
    Run totals[kPixels];
    const Run shift = load_at(p.bias + c);
#pragma GCC unroll 4
    for (int i = 0; i < kPixels; ++i) totals[i] = shift + load_at(p.rows[1] + (x + i) * p.pixel + c);
#pragma GCC unroll 3
    for (int ky = 0; ky < 3; ++ky) {
      if (p.rows[ky] == nullptr) continue;
      const float* taps = p.weight + 3 * ky * channels + c;
      const Run left = load_at(taps);
      const Run middle = load_at(taps + channels);
      const Run right = load_at(taps + 2 * channels);
#pragma GCC unroll 6
      for (int i = -1; i <= kPixels; ++i) {
        if (kEdge && (x + i < 0 || x + i >= p.width)) continue;
        const Run pixel = load_at(p.rows[ky] + (x + i) * p.pixel + c);
        if (i + 1 < kPixels) totals[i + 1] += pixel * left;
        if (i >= 0 && i < kPixels) totals[i] += pixel * middle;
        if (i >= 1) totals[i - 1] += pixel * right;
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kPixels; ++i) store_at(p.out + (x + i) * p.out_pixel + c, totals[i]);
  };
  std::int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    run(
        c, [](const float* at) { return load(at); }, [](float* at, Floats value) { store(at, value); });
  }
  for (; c < channels; ++c) {
    run(
        c, [](const float* at) { return *at; }, [](float* at, float value) { *at = value; });
  }
}

void depthwise_row(const DepthwiseRow& p) {
  constexpr int kPixels = 4;
  std::int64_t x = 0;
  for (; x + kPixels <= p.width; x += kPixels) {
    if (x > 0 && x + kPixels < p.width) {
      depthwise_pixels<kPixels, false>(p, x);
    } else {
      depthwise_pixels<kPixels, true>(p, x);
    }
  }
  for (; x < p.width; ++x) depthwise_pixels<1, true>(p, x);
}
