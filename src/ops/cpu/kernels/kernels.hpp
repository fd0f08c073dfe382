#pragma once
// The inner loops of the CPU engine: one table of functions per instruction set, all from the same text
// (kernels_impl.hpp) over vectors of eight floats. Single-threaded; the callers split the work.

#include <cstdint>
#include <string_view>

#include "ops/op_set.hpp"
#include "tensor/dtype.hpp"

namespace mi2::ops::cpu {

/// Rows and columns of the register tile of the matrix product: 6 x 16 floats fill twelve 256-bit registers.
inline constexpr std::int64_t kTileRows = 6;
inline constexpr std::int64_t kPanel = 16;

/// c[m, n] (+)= a[m, k] b[k, n] (+ bias), then the activation. b lies in panels of kPanel columns, the last one filled
/// up with zeros: element (k, column) of panel p is b[p * panel_stride + k * row_stride + column].
struct Product {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  const float* a = nullptr;
  std::int64_t lda = 0;
  const float* b = nullptr;
  const BFloat16* b_bf16 = nullptr;  ///< in place of b: row_stride kPanel, widened on the way
  std::int64_t panel_stride = 0;
  std::int64_t row_stride = kPanel;
  float* c = nullptr;
  std::int64_t ldc = 0;
  bool accumulate = false;
  const float* bias = nullptr;  ///< [n] or none
  Activation activation = Activation::kNone;
  float* scratch = nullptr;  ///< k * kPanel floats, needed for b_bf16
};

/// One head over one set of tokens: out[i] = softmax(scale * q[i] k^T) v. Rows are given by pointers, so that a window
/// needs no gathering in memory; `T` floats or bfloat16, as `dtype` says.
struct Attend {
  DType dtype = DType::kF32;
  const void* const* queries = nullptr;  ///< rows that hold q at `query_at`
  std::int64_t query_count = 0;
  const void* const* keys = nullptr;  ///< rows that hold k at `key_at` and v at `value_at`
  std::int64_t key_count = 0;
  std::int64_t query_at = 0;
  std::int64_t key_at = 0;
  std::int64_t value_at = 0;
  std::int64_t size = 0;  ///< channels of the head
  float scale = 1;
  float last_key_logit = 0;    ///< added to the last key's score: log of how often that key stands there
  void* const* out = nullptr;  ///< rows that receive the result at `query_at`
  float* scratch = nullptr;    ///< attend_scratch(...) floats
};

/// Floats of scratch that an Attend needs.
std::int64_t attend_scratch(std::int64_t query_count, std::int64_t key_count, std::int64_t size);

struct Kernels {
  std::string_view name;
  void (*multiply)(const Product& product);
  void (*attend)(const Attend& attend);
  /// Softmax over each of `rows` rows of n floats, in place.
  void (*softmax)(float* x, std::int64_t rows, std::int64_t n, std::int64_t stride);
  /// mean and 1 / sqrt(variance + epsilon) of n floats.
  void (*moments)(const float* x, std::int64_t n, float epsilon, float* mean, float* scale);
  /// out = (x - mean) * scale * weight + bias over n floats.
  void (*normalize)(const float* x, std::int64_t n, float mean, float scale, const float* weight, const float* bias,
                    float* out);
  /// One output row of x + depthwise 3 x 3. rows: the row above, this one and the one below (null outside the image),
  /// each [width, channels]; weight [9, channels].
  void (*depthwise_row)(const float* const* rows, std::int64_t width, std::int64_t channels, const float* weight,
                        const float* bias, float* out);
  /// Rounds n floats to bfloat16, to nearest even. No NaN.
  void (*to_bf16)(const float* x, std::int64_t n, BFloat16* out);
};

const Kernels& portable_kernels() noexcept;
#if defined(__x86_64__)
const Kernels& avx2_kernels() noexcept;
#endif

}  // namespace mi2::ops::cpu
