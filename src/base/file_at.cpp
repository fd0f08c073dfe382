#include "base/file_at.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mi2::base {

bool write_at(int descriptor, std::span<const std::byte> bytes, std::uint64_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put == 0) errno = ENOSPC;
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return true;
}

bool read_at(int descriptor, std::span<std::byte> bytes, std::uint64_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;
    if (got <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

bool give_back(int descriptor, std::uint64_t offset, std::uint64_t size) noexcept {
  if (size == 0) return true;
  while (::fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                     static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

bool gives_back(int descriptor) noexcept {
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) return false;
  // Past its end there is nothing to lose.
  const off_t block = std::max<off_t>(found.st_blksize, 1);
  return give_back(descriptor, static_cast<std::uint64_t>((found.st_size / block + 1) * block),
                   static_cast<std::uint64_t>(block));
}

std::uint64_t bytes_to_give_back(int descriptor, std::uint64_t offset, std::uint64_t size) noexcept {
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) return 0;
  const off_t block = std::max<off_t>(found.st_blksize, 1);
  const off_t end = static_cast<off_t>(offset + size) / block * block;
  std::uint64_t bytes = 0;
  for (off_t at = (static_cast<off_t>(offset) + block - 1) / block * block; at < end;) {
    const off_t data = ::lseek(descriptor, at, SEEK_DATA);
    if (data < 0 && errno != EINVAL) break;  // there is none behind
    const off_t first = data < 0 ? at : data;
    const off_t hole = data < 0 ? end : ::lseek(descriptor, first, SEEK_HOLE);
    const off_t last = std::min(hole < 0 ? end : hole, end);
    if (first >= end) break;
    bytes += static_cast<std::uint64_t>(last - first);
    at = last;
  }
  return bytes;
}

bool sync_data(int descriptor) noexcept {
  while (::fdatasync(descriptor) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

}  // namespace mi2::base
