#pragma once
// What a model is computed in.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <mi2/export.h>

namespace mi2 {

enum class DType : std::uint8_t {
  kF32,     ///< the reference's numbers
  kBF16,    ///< half the memory and at best twice the speed
  kInt8,    ///< a third of the memory, faster still, vectors within a cosine of 0.99
  kBF16x3,  ///< f32's numbers but for some 1e-6, faster than f32 with AMX
  kF16,     ///< half the memory, on GPUs and libtorch only
  kAuto,    ///< the fastest here that has f32's numbers within its tolerance: kBF16x3 with AMX, else kF32
};

/// Every one, the reference's numbers first. A model that is loaded has another than kAuto.
inline constexpr std::array kDTypes{DType::kF32, DType::kBF16, DType::kInt8, DType::kBF16x3, DType::kF16, DType::kAuto};

/// "f32", "bf16", "int8", "bf16x3", "f16" or "auto".
MI2_EXPORT std::string_view name_of(DType dtype) noexcept;
/// @throws Error{kBadArgument} if `name` is none of those.
MI2_EXPORT DType parse_dtype(std::string_view name);

/// Those that this machine's CPU computes in: kBF16x3 needs AVX-512 BF16 or AMX, and kF16 another device.
MI2_EXPORT std::vector<DType> supported_dtypes();

}  // namespace mi2
