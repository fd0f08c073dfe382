#include "ops/cpu/kernels/simd.hpp"

namespace mi2::ops::cpu {
namespace {

#include "ops/cpu/isa/avx2/dots.hpp"
#include "ops/cpu/kernels/all_kernels.hpp"

}  // namespace

const Kernels& avx2_kernels() noexcept {
  static constexpr Kernels kernels = table<DotProducts<F32Dot>>("avx2", product_kernel<F32Dot>(Operand::kF32, 16),
                                                                product_kernel<WideBf16Dot>(Operand::kF32, 32),
                                                                product_kernel<MaddDot>(Operand::kS16, 64), {});
  return kernels;
}

}  // namespace mi2::ops::cpu
