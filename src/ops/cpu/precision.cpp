#include "ops/cpu/precision.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2 {

std::string_view name_of(DType dtype) noexcept {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kBF16:
      return "bf16";
    case DType::kInt8:
      return "int8";
    case DType::kBF16x3:
      return "bf16x3";
  }
  return "?";
}

DType parse_dtype(std::string_view name) {
  for (const DType dtype : ops::kPrecisions) {
    if (name == name_of(dtype)) return dtype;
  }
  throw Error(Code::kBadArgument, fmt::format("dtype '{}' is none of f32, bf16, int8, bf16x3", name));
}

}  // namespace mi2
