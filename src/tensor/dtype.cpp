#include "tensor/dtype.hpp"

#include <cstring>

namespace mi2::tensor {
namespace {

/// A number is not finite if all bits of its exponent are set. In pieces, so that the loop over each is vectors.
template <typename Bits>
bool no_exponent_is_full(const void* from, std::size_t count, Bits exponent) noexcept {
  constexpr std::size_t kPiece = 1024;
  const auto* bytes = static_cast<const unsigned char*>(from);
  while (count > 0) {
    const std::size_t some = count < kPiece ? count : kPiece;
    Bits found = 0;
    for (std::size_t i = 0; i < some; ++i) {
      Bits bits = 0;
      std::memcpy(&bits, bytes + i * sizeof(Bits), sizeof(Bits));
      found = static_cast<Bits>(found | static_cast<Bits>((bits & exponent) == exponent));
    }
    if (found != 0) return false;
    bytes += some * sizeof(Bits);
    count -= some;
  }
  return true;
}

}  // namespace

std::size_t size_of(DType dtype) noexcept { return dtype == DType::kF32 ? 4 : 2; }

std::string_view name_of(DType dtype) noexcept {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kBF16:
      return "bf16";
    case DType::kF16:
      return "f16";
  }
  return "?";
}

float half_to_float(std::uint16_t bits) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
  return sign == 0 ? magnitude : -magnitude;
}

void convert_to_f32(DType dtype, const void* from, float* to, std::size_t count) noexcept {
  if (count == 0) return;
  if (dtype == DType::kF32) {
    std::memcpy(to, from, count * sizeof(float));
    return;
  }
  const auto* bytes = static_cast<const unsigned char*>(from);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes + 2 * i, 2);
    to[i] = dtype == DType::kF16 ? half_to_float(bits) : std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
}

bool all_finite(DType dtype, const void* from, std::size_t count) noexcept {
  switch (dtype) {
    case DType::kF32:
      return no_exponent_is_full<std::uint32_t>(from, count, 0x7F800000U);
    case DType::kBF16:
      return no_exponent_is_full<std::uint16_t>(from, count, 0x7F80U);
    case DType::kF16:
      break;
  }
  return no_exponent_is_full<std::uint16_t>(from, count, 0x7C00U);
}

}  // namespace mi2::tensor
