#pragma once
// The inner loops of the CPU engine: one table of functions per instruction set (isa/), all from the same kernels in
// this folder over the vocabulary of that instruction set. Single-threaded; the callers split the work.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ops/op_set.hpp"
#include "tensor/dtype.hpp"

namespace mi2::ops::cpu {

/// Outputs of a weight matrix that lie side by side in memory.
inline constexpr std::int64_t kPanel = 16;
/// A panel's bytes for one chunk of depth: 16 steps of 16 outputs of 4 bytes.
inline constexpr std::int64_t kPanelChunk = 1024;

/// What the left side of a product is made of.
enum class Operand : std::uint8_t {
  kF32,
  kBF16,
  kU8,     ///< quantised: value = scale * (byte - zero)
  kS16,    ///< the same bytes as 16-bit numbers; of every four, 0 and 2, then 1 and 3
  kSplit,  ///< f32 as two bfloat16; a chunk of 128 bytes holds 32 large parts, then 32 small ones
};

/// From a block of sums to where a product's result goes.
struct Epilogue {
  const void* sums = nullptr;  ///< f32; s32 if row_scale is given. A product puts its own here.
  std::int64_t sums_stride = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  // For sums of bytes: value = row_scale * column_scale * (sum - row_zero * column_sum).
  const float* row_scale = nullptr;
  const std::int32_t* row_zero = nullptr;  ///< or none, for zeros
  const float* column_scale = nullptr;
  const std::int32_t* column_sum = nullptr;
  const float* bias = nullptr;  ///< [columns] or none
  Activation activation = Activation::kNone;
  bool accumulate = false;  ///< add to what is in `out`; f32 only
  tensor::DType dtype = tensor::DType::kF32;
  void* out = nullptr;
  std::int64_t out_stride = 0;  ///< elements
};

/// sums[rows, 16 panels] (+)= left[rows, depth] right[depth, 16 panels]. Depth is counted in chunks; both sides are
/// padded with zeros to whole chunks (the left one with anything where the right one has zeros). Where the processor
/// has tiles, rows of the left side exist up to a multiple of 32, and hold anything.
struct GemmBlock {
  const void* left = nullptr;
  std::int64_t left_stride = 0;   ///< bytes from row to row
  const void* right = nullptr;    ///< 64-byte aligned is fastest
  std::int64_t right_stride = 0;  ///< bytes from panel to panel
  std::int64_t chunks = 0;
  std::int64_t rows = 0;
  std::int64_t panels = 0;
  void* sums = nullptr;          ///< f32, or s32 for kU8
  std::int64_t sums_stride = 0;  ///< elements from row to row
  bool first = true;             ///< start from zero, not from what is in `sums`
  /// What becomes of the sums, of all rows and panels: then `sums` is only space for ProductKernel::space() of them,
  /// and `sums_stride` counts for nothing. Or none: then they stay there.
  const Epilogue* epilogue = nullptr;
};

/// How large the pieces of a product are for a kernel's speed and its processor's caches.
struct Blocking {
  std::int64_t rows = 0;      ///< of a block, which stays in the second level while the panels stream past it
  std::int64_t bytes = 0;     ///< of a block's depth that is taken at a time
  std::int64_t few_rows = 0;  ///< a thread's share of fewer does not pay for reading all the weights
  bool fuses = false;         ///< whether two products in turn are faster block by block than one after the other
};

/// A product of one instruction set and one kind of operands.
struct ProductKernel {
  void (*multiply)(const GemmBlock&) = nullptr;
  Operand left = Operand::kF32;
  std::int64_t depth = 0;        ///< elements of a row in a chunk
  std::int64_t left_chunk = 0;   ///< bytes of a row in a chunk
  std::int64_t right_chunk = 0;  ///< bytes of a panel in a chunk
  std::int64_t rows = 0;         ///< of the register tile
  std::int64_t panels = 0;
  Blocking blocking;

  /// Sums that a block with an epilogue needs space for: two panel groups of a block's rows, in whole tiles of AMX.
  [[nodiscard]] constexpr std::int64_t space() const { return 2 * ((blocking.rows + 31) / 32 * 32) * panels * kPanel; }
};

/// One head over one set of tokens: out[i] = softmax(scale * q[i] k^T) v. Rows are given by pointers, so that a window
/// needs no gathering in memory; floats or bfloat16, as `dtype` says.
struct Attend {
  tensor::DType dtype = tensor::DType::kF32;
  const void* const* queries = nullptr;  ///< rows that hold q at `query_at`
  std::int64_t query_count = 0;
  const void* const* keys = nullptr;  ///< rows that hold k at `key_at` and v at `value_at`
  std::int64_t key_count = 0;
  std::int64_t query_at = 0;
  std::int64_t key_at = 0;
  std::int64_t value_at = 0;
  std::int64_t size = 0;  ///< channels of the head
  float scale = 1;
  bool another = false;          ///< whether the next head's columns follow: they are fetched meanwhile
  float last_key_logit = 0;      ///< added to the last key's score: log of how many equal keys it stands for
  void* const* out = nullptr;    ///< rows that receive the result at `query_at`
  std::byte* scratch = nullptr;  ///< attend_scratch(...) bytes, 64-byte aligned
};

/// Bytes of scratch that an Attend needs.
std::int64_t attend_scratch(std::int64_t query_count, std::int64_t key_count, std::int64_t size);

/// One group of channels over all tokens of an image: out[t] = softmax(scale * q^T k) v[t].
struct AttendChannels {
  tensor::DType dtype = tensor::DType::kF32;
  const void* first = nullptr;  ///< row of the first token
  std::int64_t tokens = 0;
  std::int64_t row = 0;  ///< elements from token to token
  std::int64_t query_at = 0;
  std::int64_t key_at = 0;
  std::int64_t value_at = 0;
  std::int64_t size = 0;  ///< channels of the group
  float scale = 1;
  void* out = nullptr;  ///< rows of `out_row` elements that receive the result at `query_at`
  std::int64_t out_row = 0;
  std::byte* scratch = nullptr;  ///< attend_channels_scratch(size) bytes, 64-byte aligned
};

/// Bytes of scratch that an AttendChannels needs.
std::int64_t attend_channels_scratch(std::int64_t size);

/// One output row of x + depthwise 3 x 3.
struct DepthwiseRow {
  const float* const* rows = nullptr;  ///< above, here and below (null outside the image), each [width, channels]
  std::int64_t width = 0;
  std::int64_t pixel = 0;  ///< elements from pixel to pixel of `rows`
  std::int64_t channels = 0;
  const float* weight = nullptr;  ///< [9, channels]
  const float* bias = nullptr;
  float* out = nullptr;
  std::int64_t out_pixel = 0;
};

struct Kernels {
  std::string_view name;
  ProductKernel f32;    ///< by f32 weights
  ProductKernel bf16;   ///< by bf16 weights; the left side is bf16 where the processor multiplies that, else f32
  ProductKernel s8;     ///< by s8 weights
  ProductKernel split;  ///< by weights in two parts; null where the processor does not multiply bf16
  void (*epilogue)(const Epilogue&);
  void (*attend)(const Attend&);
  void (*attend_channels)(const AttendChannels&);
  /// mean and 1 / sqrt(variance + epsilon) of n floats. `next`: n that will be wanted soon, which are fetched
  /// meanwhile.
  void (*moments)(const float* x, std::int64_t n, const float* next, float epsilon, float* mean, float* rstd);
  /// out = (x - mean) * rstd * weight + bias over n floats.
  void (*normalize)(const float* x, std::int64_t n, float mean, float rstd, const float* weight, const float* bias,
                    float* out);
  /// The same, rounded.
  void (*normalize_bf16)(const float* x, std::int64_t n, float mean, float rstd, const float* weight, const float* bias,
                         tensor::BFloat16* out);
  void (*depthwise_row)(const DepthwiseRow&);
  /// Rounds n floats to bfloat16, to nearest even. No NaN.
  void (*to_bf16)(const float* x, std::int64_t n, tensor::BFloat16* out);
  void (*to_f32)(const tensor::BFloat16* x, std::int64_t n, float* out);
  /// x = large + small to 16 bits of fraction.
  void (*split_bf16)(const float* x, std::int64_t n, tensor::BFloat16* large, tensor::BFloat16* small);
  /// x ~ scale * (out - zero), with the whole range of n floats, zero included, over 0..255. If one of them is not
  /// finite, neither is the scale.
  void (*quantize)(const float* x, std::int64_t n, std::uint8_t* out, float* scale, std::int32_t* zero);
  /// Chunks of 64 bytes as kS16.
  void (*spread_bytes)(const std::uint8_t* x, std::int64_t chunks, std::byte* out);
};

const Kernels& portable_kernels() noexcept;
#if defined(__x86_64__)
const Kernels& avx2_kernels() noexcept;
const Kernels& avx512_kernels() noexcept;
const Kernels& avx512_vnni_kernels() noexcept;
const Kernels& avx512_bf16_kernels() noexcept;
const Kernels& amx_kernels() noexcept;
#endif

}  // namespace mi2::ops::cpu
