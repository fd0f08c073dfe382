#pragma once
// The inner loop of the resize: one row as a weighted sum of others, for each instruction set.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mi2::image {

/// Fraction bits of a weight. One is 1 << kWeightBits, and a weight lies within -1.9 and 1.9.
inline constexpr int kWeightBits = 32 - 8 - 2;

/// One output row: out[x] is the sum over i of weight i times in[i * stride + x], for `width` samples, rounded and
/// clipped to 0..255.
struct Blend {
  const std::uint8_t* in;
  std::size_t stride;
  const std::uint32_t* weights;  ///< as packed by the same BlendKernel
  int count;                     ///< of weights, at least 1
  std::uint8_t* out;
  std::size_t width;
};

/// All kernels give the same bytes: sums are whole numbers.
struct BlendKernel {
  const char* name;
  /// Appends weights [count] in the kernel's form.
  void (*pack)(std::span<const std::int32_t> weights, std::vector<std::uint32_t>& to);
  void (*blend)(const Blend& job);
};

/// Those that this machine computes, the fastest last.
std::span<const BlendKernel> blend_kernels();

/// The fastest.
const BlendKernel& best_blend_kernel();

/// The form of the fastest kernel: of each four weights, the last ones zero, three words of their signed bytes, such
/// that a weight is its byte of the first word, plus 256 times that of the second, plus 65536 times that of the third.
void pack_signed_bytes(std::span<const std::int32_t> weights, std::vector<std::uint32_t>& to);

/// Of each two weights, a last one zero: a word of their lower 15 bits, and one of what is above, each in 16 bits.
void pack_halves(std::span<const std::int32_t> weights, std::vector<std::uint32_t>& to);

}  // namespace mi2::image
