#include "dicom/results/uid.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "base/hash.hpp"

namespace mi2::dicom::results {
namespace {

constexpr std::size_t kUuidBytes = 16;
using Uuid = std::array<unsigned, kUuidBytes>;  ///< bytes, the first the most significant

Uuid uuid_of(std::string_view name) {
  const std::string hex = base::sha256_hex(std::as_bytes(std::span(name.data(), name.size())));
  const auto digit = [&](std::size_t at) {
    const char c = hex.at(at);
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  Uuid bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes.at(i) = digit(2 * i) * 16 + digit(2 * i + 1);
  bytes[6] = 0x80U | (bytes[6] & 0x0FU);  // version
  bytes[8] = 0x80U | (bytes[8] & 0x3FU);  // variant
  return bytes;
}

/// By long division, a decimal digit at a time.
std::string decimal(Uuid bytes) {
  constexpr unsigned kTen = 10;
  std::string digits;
  bool left = true;
  while (left) {
    unsigned rest = 0;
    left = false;
    for (unsigned& byte : bytes) {
      const unsigned value = rest * 256 + byte;
      byte = value / kTen;
      rest = value % kTen;
      left = left || byte != 0;
    }
    digits += static_cast<char>('0' + rest);
  }
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

std::string uid_of(std::string_view name) { return "2.25." + decimal(uuid_of(name)); }

}  // namespace mi2::dicom::results
