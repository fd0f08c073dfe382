#pragma once
// SHA-256 as people and files write it.

#include <cstddef>
#include <string_view>

namespace mi2::base {

inline constexpr std::size_t kSha256Digits = 64;

/// 64 lower-case hexadecimal digits, as sha256_hex() returns them.
inline bool is_sha256(std::string_view text) {
  return text.size() == kSha256Digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace mi2::base
