#include "ops/cpu/precision.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

namespace mi2 {
namespace {

[[noreturn]] void refuse(std::string_view name, std::span<const DType> allowed) {
  std::vector<std::string_view> names;
  std::ranges::transform(allowed, std::back_inserter(names), [](DType dtype) { return name_of(dtype); });
  throw Error(Code::kBadArgument, fmt::format("dtype '{}' is none of {}", name, fmt::join(names, ", ")));
}

}  // namespace

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
    case DType::kF16:
      return "f16";
    case DType::kAuto:
      return "auto";
  }
  return "?";
}

DType parse_dtype(std::string_view name) {
  const auto* const found = std::ranges::find(kDTypes, name, [](DType dtype) { return name_of(dtype); });
  if (found == kDTypes.end()) refuse(name, kDTypes);
  return *found;
}

namespace ops {

void check_precision(Precision precision) {
  if (std::ranges::count(kPrecisions, precision) == 0) refuse(name_of(precision), kPrecisions);
}

}  // namespace ops
}  // namespace mi2
