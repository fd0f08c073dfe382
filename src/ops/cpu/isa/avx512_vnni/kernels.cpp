#include "ops/cpu/kernels/simd.hpp"

namespace mi2::ops::cpu {
namespace {

#include "ops/cpu/isa/avx512_vnni/dots.hpp"
#include "ops/cpu/kernels/all_kernels.hpp"

}  // namespace

const Kernels& avx512_vnni_kernels() noexcept {
  static constexpr Kernels kernels = table<DotProducts<F32Dot>>(
      "avx512_vnni", product_kernel<F32Dot>(Operand::kF32, 16), product_kernel<WideBf16Dot>(Operand::kF32, 32),
      product_kernel<VnniDot>(Operand::kU8, 64), {});
  return kernels;
}

}  // namespace mi2::ops::cpu
