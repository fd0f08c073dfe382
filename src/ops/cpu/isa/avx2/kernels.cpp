#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <immintrin.h>

#include "ops/cpu/kernels/kernels.hpp"

namespace mi2::ops::cpu {
namespace {

constexpr std::int64_t kLanes = 8;
constexpr int kTileRows = 6;
constexpr int kTilePanels = 1;
// The order matters.
// clang-format off
#include "ops/cpu/kernels/vectors.hpp"
#include "ops/cpu/isa/portable/dots.hpp"
#include "ops/cpu/isa/avx2/dots.hpp"
using NarrowDot = F32Dot;
#include "ops/cpu/kernels/texts.hpp"
// clang-format on

}  // namespace

const Kernels& avx2_kernels() noexcept {
  static constexpr Kernels kernels =
      table("avx2", product_kernel<F32Dot>(Operand::kF32, 16), product_kernel<WideBf16Dot>(Operand::kF32, 32),
            product_kernel<PairedS8Dot>(Operand::kU8, 64), {});
  return kernels;
}

}  // namespace mi2::ops::cpu
