#include "ops/cpu/precision.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/table.hpp"

namespace mi2 {
namespace {

[[noreturn]] void refuse(std::string_view name, std::span<const DType> allowed) {
  std::vector<std::string_view> names;
  std::ranges::transform(allowed, std::back_inserter(names), [](DType dtype) { return name_of(dtype); });
  throw Error(Code::kBadArgument, fmt::format("dtype '{}' is none of {}", name, fmt::join(names, ", ")));
}

/// What other programs call them.
constexpr std::array<std::pair<std::string_view, DType>, 9> kOtherNames{{{"fp32", DType::kF32},
                                                                         {"float32", DType::kF32},
                                                                         {"float", DType::kF32},
                                                                         {"bfloat16", DType::kBF16},
                                                                         {"bfp16", DType::kBF16},
                                                                         {"fp16", DType::kF16},
                                                                         {"float16", DType::kF16},
                                                                         {"half", DType::kF16},
                                                                         {"i8", DType::kInt8}}};

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
  std::string lower = base::lower_ascii(name);
  if (lower.starts_with("torch.")) lower.erase(0, 6);
  const auto* const found = std::ranges::find(kDTypes, lower, [](DType dtype) { return name_of(dtype); });
  if (found != kDTypes.end()) return *found;
  const auto* const other = std::ranges::find(kOtherNames, lower, &std::pair<std::string_view, DType>::first);
  if (other == kOtherNames.end()) refuse(name, kDTypes);
  return other->second;
}

namespace ops {

void check_precision(Precision precision) {
  if (std::ranges::count(kPrecisions, precision) == 0) refuse(name_of(precision), kPrecisions);
}

}  // namespace ops
}  // namespace mi2
