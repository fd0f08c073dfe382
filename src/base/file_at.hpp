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

/// Gives back what of the disk a part of a file takes. It reads as zeros then, and the file is as long as before. The
/// part must end within the file.
/// @returns false where the system refuses; errno says why: EOPNOTSUPP if the file system cannot do it.
[[nodiscard]] bool give_back(int descriptor, std::uint64_t offset, std::uint64_t size) noexcept;

/// Whether the file system of an open file can give_back(); nothing is changed. @returns false with errno if not.
[[nodiscard]] bool gives_back(int descriptor) noexcept;

/// Bytes of the disk that give_back() would free: whole blocks inside that are not free yet.
[[nodiscard]] std::uint64_t bytes_to_give_back(int descriptor, std::uint64_t offset, std::uint64_t size) noexcept;

/// What was written is on the disk. @returns false where the system refuses; errno says why.
[[nodiscard]] bool sync_data(int descriptor) noexcept;

}  // namespace mi2::base
