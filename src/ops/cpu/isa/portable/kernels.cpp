#include "ops/cpu/kernels/simd.hpp"

namespace mi2::ops::cpu {
namespace {

#include "ops/cpu/kernels/all_kernels.hpp"

// Generous: the largest tiles and elements of any instruction set.
constexpr std::int64_t kLargestBlock = 32;
constexpr std::int64_t kLargestChunk = 32;

}  // namespace

std::int64_t attend_scratch(std::int64_t query_count, std::int64_t key_count, std::int64_t size) {
  const std::int64_t keys = rounded_up(key_count, kLargestChunk);
  const std::int64_t channels = rounded_up(size, kLargestChunk);
  const std::int64_t floats = 3 * keys * channels + rounded_up(query_count, kRowMultiple) * channels + 2 * channels +
                              kLargestBlock * (2 * keys + channels);
  return floats * std::int64_t{sizeof(float)} + 9 * 64;
}

std::int64_t attend_channels_scratch(std::int64_t size) {
  const std::int64_t channels = rounded_up(size, kLargestChunk);
  return (4 * channels * channels + 4 * kTokens * channels) * std::int64_t{sizeof(float)} + 9 * 64;
}

const Kernels& portable_kernels() noexcept {
  static constexpr Kernels kernels = table<DotProducts<F32Dot>>("portable", product_kernel<F32Dot>(Operand::kF32, 16),
                                                                product_kernel<WideBf16Dot>(Operand::kF32, 32),
                                                                product_kernel<S16Dot>(Operand::kS16, 64), {});
  return kernels;
}

}  // namespace mi2::ops::cpu
