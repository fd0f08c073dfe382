#pragma once
// SHA-256, to name exactly which weights a result came from, and keyed, to name what must not be known; MD5, to compare
// files with what is published of them; XXH3 and CRC-32C, to find damage as fast as memory is read.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace mi2::base {

/// 64 lower-case hexadecimal digits.      Source: FIPS 180-4.
std::string sha256_hex(std::span<const std::byte> bytes);
/// The same of bytes that follow others.
std::string sha256_hex(std::span<const std::byte> first, std::span<const std::byte> second);

/// The same of a whole file, of any size in little memory.
/// @throws Error{kNotFound}, {kBadFile}.
std::string sha256_hex(const std::filesystem::path& path);

/// MD5 of a whole file, 32 lower-case hexadecimal digits, in little memory: for files whose MD5 others publish. It
/// detects damage, never intent.      Source: RFC 1321.
/// @param on_bytes  hears how many bytes were read so far; what it throws ends the reading.
/// @throws Error{kNotFound}, {kBadFile}.
std::string md5_hex(const std::filesystem::path& path, const std::function<void(std::uint64_t)>& on_bytes = {});

/// XXH3, 64 bits: detects damage, never intent.      Source: https://xxhash.com (0.8, default secret, seed 0).
std::uint64_t xxh3(std::span<const std::byte> bytes) noexcept;

/// HMAC with SHA-256: 64 lower-case hexadecimal digits that say nothing of `text` to whoever lacks the key.
/// Source: RFC 2104.
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

/// Bytes that nobody can guess, for keys and names. @throws Error{kInternal} if the system has none.
std::string random_bytes(std::size_t count);

/// "00ff" of the bytes 0 and 255.
std::string hex(std::string_view bytes);

/// CRC-32C (Castagnoli), as iSCSI has it.      Source: RFC 3720, appendix B.4.
std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept;

/// Whether two texts are the same, in a time that depends on their lengths only: for secrets.
bool same_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace mi2::base
