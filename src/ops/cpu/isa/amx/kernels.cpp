#include "ops/cpu/kernels/simd.hpp"

namespace mi2::ops::cpu {
namespace {

#include "ops/cpu/isa/avx512_bf16/dots.hpp"
#include "ops/cpu/isa/avx512_vnni/dots.hpp"
#include "ops/cpu/kernels/all_kernels.hpp"

#include "ops/cpu/kernels/amx_microkernel.hpp"

#include "ops/cpu/isa/amx/tiles.hpp"

}  // namespace

const Kernels& amx_kernels() noexcept {
  static constexpr Kernels kernels = table<TileProducts<Bf16Tiles>>(
      "amx", product_kernel<F32Dot>(Operand::kF32, 16), tile_kernel<Bf16Tiles>(Operand::kBF16, 32),
      tile_kernel<S8Tiles>(Operand::kU8, 64), tile_kernel<SplitTiles>(Operand::kSplit, 32));
  return kernels;
}

}  // namespace mi2::ops::cpu
