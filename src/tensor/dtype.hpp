#pragma once
// Element types of tensors and the conversions between them.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mi2::tensor {

enum class DType : std::uint8_t { kF32, kBF16, kF16 };

/// @returns bytes of one element.
std::size_t size_of(DType dtype) noexcept;
/// @returns "f32", "bf16" or "f16": the names of the command line and of results' provenance.
std::string_view name_of(DType dtype) noexcept;

/// The upper half of an IEEE binary32: 8 bits of exponent, 7 of fraction.
struct BFloat16 {
  std::uint16_t bits = 0;

  BFloat16() = default;
  /// Rounds to nearest, ties to even; a NaN stays a NaN.
  explicit BFloat16(float value) noexcept {
    const auto u = std::bit_cast<std::uint32_t>(value);
    const bool nan = (u & 0x7FFFFFFFU) > 0x7F800000U;
    bits = static_cast<std::uint16_t>(nan ? (u >> 16) | 0x40U : (u + 0x7FFFU + ((u >> 16) & 1U)) >> 16);
  }
  explicit operator float() const noexcept { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

/// @returns the value of an IEEE binary16 given by its bits.
float half_to_float(std::uint16_t bits) noexcept;

/// Converts `count` elements of `from` (any alignment) to f32.
void convert_to_f32(DType dtype, const void* from, float* to, std::size_t count) noexcept;

/// Whether none of `count` elements of `from` (any alignment) is a NaN or an infinity.
bool all_finite(DType dtype, const void* from, std::size_t count) noexcept;

}  // namespace mi2::tensor
