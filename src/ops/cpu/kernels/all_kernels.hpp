// All kernel headers, in dependency order. An instruction set's kernels.cpp includes this
// inside its anonymous namespace, after simd.hpp and its Dots.

// The order matters.
// clang-format off
#include "ops/cpu/kernels/functions.hpp"
#include "ops/cpu/kernels/rows.hpp"
#include "ops/cpu/kernels/epilogue.hpp"
#include "ops/cpu/kernels/microkernel.hpp"
#include "ops/cpu/kernels/attention_sides.hpp"
#include "ops/cpu/kernels/attention.hpp"
#include "ops/cpu/kernels/channel_attention.hpp"
#include "ops/cpu/kernels/depthwise.hpp"
// clang-format on

/// The table of this instruction set, of the products it names. `Narrow`: the Products of attention_sides.hpp that
/// bfloat16 activations take.
template <typename Narrow>
constexpr Kernels table(std::string_view name, ProductKernel f32, ProductKernel bf16, ProductKernel s8,
                        ProductKernel split) {
  return {name,
          f32,
          bf16,
          s8,
          split,
          epilogue,
          attend<Narrow>,
          attend_channels<Narrow>,
          moments,
          normalize<float>,
          normalize<tensor::BFloat16>,
          depthwise_row,
          to_bf16,
          to_f32,
          split_bf16,
          quantize,
          spread_bytes};
}
