#include "ops/cpu/precision.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::ops {

std::string_view name_of(Precision precision) noexcept {
  switch (precision) {
    case Precision::kF32:
      return "f32";
    case Precision::kBF16:
      return "bf16";
    case Precision::kInt8:
      return "int8";
    case Precision::kBF16x3:
      return "bf16x3";
  }
  return "?";
}

Precision parse_precision(std::string_view name) {
  for (const Precision precision : kPrecisions) {
    if (name == name_of(precision)) return precision;
  }
  throw Error(Code::kBadArgument, fmt::format("dtype '{}' is none of f32, bf16, int8, bf16x3", name));
}

}  // namespace mi2::ops
