#include <cstdint>

#include "ops/cpu/kernels/kernels.hpp"

namespace mi2::ops::cpu {
namespace {

#include "ops/cpu/kernels/kernels_impl.hpp"

}  // namespace

std::int64_t attend_scratch(std::int64_t query_count, std::int64_t key_count, std::int64_t size) {
  const std::int64_t key_columns = (key_count + kPanel - 1) / kPanel * kPanel;
  const std::int64_t value_columns = (size + kPanel - 1) / kPanel * kPanel;
  return key_columns * size + key_count * value_columns + query_count * size +
         kTileRows * (key_columns + value_columns);
}

const Kernels& portable_kernels() noexcept {
  static constexpr Kernels kernels{"portable", multiply, attend, softmax, moments, normalize, depthwise_row, to_bf16};
  return kernels;
}

}  // namespace mi2::ops::cpu
