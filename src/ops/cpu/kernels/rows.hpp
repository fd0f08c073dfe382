// What is done to rows of floats beside products: norms, roundings.

void moments(const float* x, std::int64_t n, const float* next, float epsilon, float* mean, float* rstd) {
  // Two vectors of sums: one would wait for itself.
  Floats sums[2] = {splat(0.0F), splat(0.0F)};
  float total = 0;
  std::int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    for (std::int64_t at = 0; at < 2 * kLanes; at += 16) __builtin_prefetch(next + i + at);
    sums[0] += load(x + i);
    sums[1] += load(x + i + kLanes);
  }
  for (; i < n; ++i) total += x[i];
  const float average = (total + sum(sums[0] + sums[1])) / static_cast<float>(n);
  sums[0] = sums[1] = splat(0.0F);
  total = 0;
  for (i = 0; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Floats a = load(x + i) - splat(average);
    const Floats b = load(x + i + kLanes) - splat(average);
    sums[0] += a * a;
    sums[1] += b * b;
  }
  for (; i < n; ++i) total += (x[i] - average) * (x[i] - average);
  *mean = average;
  *rstd = 1.0F / __builtin_sqrtf((total + sum(sums[0] + sums[1])) / static_cast<float>(n) + epsilon);
}

template <typename Out>
void normalize(const float* x, std::int64_t n, float mean, float rstd, const float* weight, const float* bias,
               Out* out) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(out + i, (load(x + i) - splat(mean)) * splat(rstd) * load(weight + i) + load(bias + i));
  }
  for (; i < n; ++i) narrow(out + i, (x[i] - mean) * rstd * weight[i] + bias[i]);
}

void to_bf16(const float* x, std::int64_t n, tensor::BFloat16* out) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load(x + i));
  for (; i < n; ++i) out[i] = tensor::BFloat16(x[i]);
}

void to_f32(const tensor::BFloat16* x, std::int64_t n, float* out) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load(x + i));
  for (; i < n; ++i) out[i] = widen(x[i]);
}

void split_bf16(const float* x, std::int64_t n, tensor::BFloat16* large, tensor::BFloat16* small) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Floats value = load(x + i);
    store(large + i, value);
    store(small + i, value - load(large + i));
  }
  for (; i < n; ++i) {
    large[i] = tensor::BFloat16(x[i]);
    small[i] = tensor::BFloat16(x[i] - static_cast<float>(large[i]));
  }
}

void quantize(const float* x, std::int64_t n, std::uint8_t* out, float* scale, std::int32_t* zero) {
  float low = 0;
  float high = 0;
  std::int64_t i = 0;
  Floats lows = splat(0.0F);
  Floats highs = splat(0.0F);
  Floats zeros = splat(0.0F);  // NaN once a number is not finite
  for (; i + kLanes <= n; i += kLanes) {
    lows = minimum(lows, load(x + i));
    highs = maximum(highs, load(x + i));
    zeros += load(x + i) * splat(0.0F);
  }
  float fault = sum(zeros);
  high = largest(highs);
  low = -largest(-lows);
  for (; i < n; ++i) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
    fault += x[i] * 0.0F;
  }
  const float range = high - low;
  const float step = range > 1e-30F ? range / 255.0F : 1.0F;
  const float inverse = 1.0F / step;
  *scale = step + fault;
  // Of a range that is not finite, nothing can be cast.
  *zero = range <= 3.4e38F ? static_cast<std::int32_t>(-low * inverse + 0.5F) : 0;
  const float shift = static_cast<float>(*zero);
  for (i = 0; i + kLanes <= n; i += kLanes) store(out + i, load(x + i) * splat(inverse) + splat(shift));
  for (; i < n; ++i) {
    std::uint8_t bytes[kLanes];
    store(bytes, splat(x[i]) * splat(inverse) + splat(shift));
    out[i] = bytes[0];
  }
}

void spread_bytes(const std::uint8_t* x, std::int64_t chunks, std::byte* out) {
  for (std::int64_t i = 0; i < 16 * chunks; ++i) {
    std::uint32_t four;
    __builtin_memcpy(&four, x + 4 * i, 4);
    const std::uint64_t wide = (four & 0x00FF00FFU) | std::uint64_t{(four >> 8U) & 0x00FF00FFU} << 32U;
    __builtin_memcpy(out + 8 * i, &wide, 8);
  }
}
