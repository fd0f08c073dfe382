#pragma once
// What a model is computed in: the values of --dtype.

#include <array>
#include <cstdint>
#include <string_view>

namespace mi2::ops {

enum class Precision : std::uint8_t {
  kF32,
  kBF16,    ///< weights in bfloat16; activations between products too where the processor multiplies that
  kInt8,    ///< weights in bytes, scaled per output, activations per token; what is sensitive stays bf16
  kBF16x3,  ///< every f32 operand as two bfloat16, three products for one: f32 but for 2^-16
};

inline constexpr std::array kPrecisions{Precision::kF32, Precision::kBF16, Precision::kInt8, Precision::kBF16x3};

/// @returns "f32", "bf16", "int8" or "bf16x3".
std::string_view name_of(Precision precision) noexcept;
/// @throws Error{kBadArgument} if `name` is none of those.
Precision parse_precision(std::string_view name);

}  // namespace mi2::ops
