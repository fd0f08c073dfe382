#pragma once
// SHA-256, to name exactly which weights a result came from.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace mi2 {

/// 64 lower-case hexadecimal digits.      Source: FIPS 180-4.
std::string sha256_hex(std::span<const std::byte> bytes);

/// Of a whole file, of any size in little memory.
/// @throws Error{kNotFound}, {kBadFile}.
std::string sha256_hex(const std::filesystem::path& path);

}  // namespace mi2
