#pragma once
// Files in and out: read-only mappings, whole small files, and writes that survive a crash.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::base {

/// A whole file mapped read-only. Move-only; unmaps on destruction.
class MappedFile {
 public:
  /// @throws Error{kNotFound} if there is no such file, {kBadFile} if it is not a regular file or cannot be read.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Drops the pages of [offset, offset + size) from this process's memory; they are read again if touched.
  void release(std::size_t offset, std::size_t size) const noexcept;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A whole file in memory.
/// @throws Error{kNotFound}, {kBadFile}; {kTooLarge} if it holds more than `max_bytes`.
std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// As read_file, as text.
std::string read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// Writes all bytes to a descriptor, however often it is interrupted.
/// @returns false where the system refuses; errno says why.
[[nodiscard]] bool write_all(int descriptor, std::string_view bytes) noexcept;

/// A file that appears under its name whole or not at all: written beside it, flushed to disk, then renamed.
class AtomicFile {
 public:
  /// @throws Error{kBadFile} if the folder cannot be written.
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  /// Removes the temporary file unless commit() was reached.
  ~AtomicFile();

  /// @throws Error{kBadFile} when the disk refuses.
  void write(std::string_view text);
  void write(std::span<const std::byte> bytes);
  /// Overwrites bytes already written (a header whose length was not known before the rows).
  void write_at(std::uint64_t offset, std::string_view text);
  void commit();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  [[noreturn]] void fail(const char* what) const;
  std::filesystem::path path_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace mi2::base
