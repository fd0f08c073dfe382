#include "ops/cpu/kernels/simd.hpp"

namespace mi2::ops::cpu {
namespace {

#include "ops/cpu/isa/avx512_bf16/dots.hpp"
#include "ops/cpu/isa/avx512_vnni/dots.hpp"
#include "ops/cpu/kernels/all_kernels.hpp"

}  // namespace

const Kernels& avx512_bf16_kernels() noexcept {
  static constexpr Kernels kernels = table<DotProducts<Bf16Dot>>(
      "avx512_bf16", product_kernel<F32Dot>(Operand::kF32, 16), product_kernel<Bf16Dot>(Operand::kBF16, 32),
      product_kernel<VnniDot>(Operand::kU8, 64), product_kernel<SplitDot>(Operand::kSplit, 32));
  return kernels;
}

}  // namespace mi2::ops::cpu
