#pragma once
// SHA-256, to name exactly which weights a result came from; XXH3, to find damage as fast as memory is read.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace mi2::base {

/// 64 lower-case hexadecimal digits.      Source: FIPS 180-4.
std::string sha256_hex(std::span<const std::byte> bytes);

/// The same of a whole file, of any size in little memory.
/// @throws Error{kNotFound}, {kBadFile}.
std::string sha256_hex(const std::filesystem::path& path);

/// XXH3, 64 bits: detects damage, never intent.      Source: https://xxhash.com (0.8, default secret, seed 0).
std::uint64_t xxh3(std::span<const std::byte> bytes) noexcept;

/// Whether two texts are the same, in a time that depends on their lengths only: for secrets.
bool same_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace mi2::base
