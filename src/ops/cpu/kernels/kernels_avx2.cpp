#include <cstdint>

#include "ops/cpu/kernels/kernels.hpp"

namespace mi2::ops::cpu {
namespace {

#include "ops/cpu/kernels/kernels_impl.hpp"

}  // namespace

const Kernels& avx2_kernels() noexcept {
  static constexpr Kernels kernels{"avx2", multiply, attend, softmax, moments, normalize, depthwise_row, to_bf16};
  return kernels;
}

}  // namespace mi2::ops::cpu
