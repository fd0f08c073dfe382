#pragma once
// A weight matrix in the layout that the products read: one block of memory, made once at load or mapped from a file.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "ops/cpu/kernels/kernels.hpp"

namespace mi2::ops::cpu {

enum class WeightFormat : std::uint8_t {
  kF32,
  kBF16,
  kS8,     ///< value = scale of the output * byte
  kSplit,  ///< two bfloat16, whose sum is the value to 16 bits of fraction
};

/// A weight matrix on its way into a product: rows(n, count, to) writes f32 rows [count, in] of outputs n, n + 1, ..
/// A row at a time, so that the f32 original is never whole in memory.
struct WeightRows {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::function<void(std::int64_t first, std::int64_t count, float* to)> rows;
};

/// What lies where in a block of packed weights. Panels of 16 outputs come first, each [chunks, 16 steps, 16 outputs]
/// of 32-bit words along the depth; then, one element per output up to whole panels: bias, and for kS8 scales and sums.
/// A change of it needs a new ops::kLayoutVersion.
struct PackedLayout {
  PackedLayout(WeightFormat format_of_weights, std::int64_t inputs, std::int64_t outputs);

  WeightFormat format;
  std::int64_t in;
  std::int64_t out;
  std::int64_t panels;  ///< of 16 outputs
  std::int64_t depth;   ///< inputs in a chunk
  std::int64_t chunks;
  std::int64_t panel_bytes;
  std::int64_t bias_at;
  std::int64_t scale_at;
  std::int64_t sum_at;
  std::int64_t bytes;  ///< of the whole block; a multiple of 64

  [[nodiscard]] std::string text() const;  ///< "product bf16 [768, 256]": format, outputs, inputs
};

class PackedWeights {
 public:
  /// Packs on the pool's threads; `weight.rows` is called from them. @param bias  [out], or empty for zeros.
  PackedWeights(const Kernels& kernels, base::ThreadPool& pool, WeightFormat format, const WeightRows& weight,
                const std::vector<float>& bias);
  /// A block packed before, 64-byte aligned. @throws Error{kBadFile} if it has another size than the layout.
  PackedWeights(WeightFormat format, std::int64_t in, std::int64_t out, std::shared_ptr<const std::byte> block,
                std::size_t bytes);

  /// Gives the memory of weights that are gone back to the system, which is kept for others otherwise.
  static void trim();

  /// Whether no number in it is a NaN or an infinity.
  [[nodiscard]] bool all_finite(base::ThreadPool& pool) const;

  [[nodiscard]] const PackedLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] const std::byte* data() const noexcept { return block_.get(); }
  [[nodiscard]] const std::shared_ptr<const std::byte>& block() const noexcept { return block_; }
  [[nodiscard]] const std::byte* panel(std::int64_t p) const noexcept { return data() + p * layout_.panel_bytes; }
  [[nodiscard]] const float* bias() const noexcept { return at<float>(layout_.bias_at); }
  [[nodiscard]] const float* scale() const noexcept { return at<float>(layout_.scale_at); }
  [[nodiscard]] const std::int32_t* sum() const noexcept { return at<std::int32_t>(layout_.sum_at); }

 private:
  template <typename T>
  [[nodiscard]] const T* at(std::int64_t offset) const noexcept {
    return reinterpret_cast<const T*>(data() + offset);
  }

  PackedLayout layout_;
  std::shared_ptr<const std::byte> block_;
};

/// Relative error of a weight matrix in kS8: the root of the mean square of what rounding changes, over that of the
/// weights themselves.
double quantization_error(const WeightRows& weight);

}  // namespace mi2::ops::cpu
