#pragma once
// What a model is computed in: the values of --dtype.
//
// kBF16: weights in bfloat16; activations between products too where the processor multiplies that.
// kInt8: weights in bytes, scaled per output, activations per token; what is sensitive stays bf16.
// kBF16x3: every f32 operand as two bfloat16, three products for one: f32 but for 2^-16.

#include <array>

#include <mi2/dtype.hpp>

namespace mi2::ops {

using Precision = DType;

inline constexpr std::array kPrecisions{Precision::kF32, Precision::kBF16, Precision::kInt8, Precision::kBF16x3};

/// @throws Error{kBadArgument} unless it is one of kPrecisions: kF16 is for other devices, kAuto for who loads a model.
void check_precision(Precision precision);

}  // namespace mi2::ops
