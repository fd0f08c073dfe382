#pragma once
// What a model is computed in.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/export.h>

namespace mi2 {

enum class DType : std::uint8_t {
  kF32,     ///< the reference's numbers
  kBF16,    ///< half the memory and at best twice the speed
  kInt8,    ///< a third of the memory, faster still, vectors within a cosine of 0.99
  kBF16x3,  ///< f32's numbers but for some 1e-6, faster than f32 with AMX
};

/// "f32", "bf16", "int8" or "bf16x3".
MI2_EXPORT std::string_view name_of(DType dtype) noexcept;
/// @throws Error{kBadArgument} if `name` is none of those.
MI2_EXPORT DType parse_dtype(std::string_view name);

/// What EmbedderOptions::dtype may be, the reference's numbers first.
inline constexpr auto kDTypes = std::to_array<std::string_view>({"f32", "bf16", "int8", "bf16x3"});

/// Those of kDTypes that this machine computes: all but "bf16x3", which needs AVX-512 BF16 or AMX.
MI2_EXPORT std::vector<std::string> supported_dtypes();

}  // namespace mi2
