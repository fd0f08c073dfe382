#pragma once
// Bytes of a file at a place of it, through an open descriptor.

#include <cstddef>
#include <cstdint>
#include <span>

namespace mi2::base {

/// Writes all bytes at `offset`, however often it is interrupted.
/// @returns false where the system refuses; errno says why.
[[nodiscard]] bool write_at(int descriptor, std::span<const std::byte> bytes, std::uint64_t offset) noexcept;

/// Fills all bytes from `offset` on. @returns false where the system refuses or the file ends (EIO); errno says why.
[[nodiscard]] bool read_at(int descriptor, std::span<std::byte> bytes, std::uint64_t offset) noexcept;

/// What was written is on the disk. @returns false where the system refuses; errno says why.
[[nodiscard]] bool sync_data(int descriptor) noexcept;

}  // namespace mi2::base
