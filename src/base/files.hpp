#pragma once
// Files in and out: read-only mappings, whole small files, and writes that survive a crash.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapping_guard.hpp"
#include "base/partial.hpp"

namespace mi2::base {

/// A whole file mapped read-only. Move-only; unmaps on destruction. A file that is cut meanwhile shows zeros where it
/// was, which only check() tells from its own bytes.
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

  /// What was read so far was in the file when it was mapped.
  /// @throws Error{kBadFile} if it was cut or written since: what was computed from it cannot be trusted.
  void check() const;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int descriptor_ = -1;
  std::int64_t written_ns_ = 0;  ///< the file's time when it was mapped
  MappingGuard guard_;
};

/// A regular file, read from its start to its end.
class InputFile {
 public:
  /// @throws Error{kNotFound}, {kBadFile}.
  explicit InputFile(std::filesystem::path path);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  /// @returns how many bytes were put into `buffer`; 0 at the end. @throws Error{kBadFile}.
  [[nodiscard]] std::size_t read(std::span<char> buffer) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
};

/// A whole file in memory.
/// @throws Error{kNotFound}, {kBadFile}; {kTooLarge} if it holds more than `max_bytes`.
std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// As read_file, as text.
std::string read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// Writes all bytes to a descriptor, however often it is interrupted.
/// @returns false where the system refuses; errno says why.
[[nodiscard]] bool write_all(int descriptor, std::string_view bytes) noexcept;

/// A file that appears under its name whole or not at all: written beside it, flushed to disk, then renamed. One that
/// is there keeps its permissions, and a link stays one to what is written.
class AtomicFile {
 public:
  /// @throws Error{kBadFile} if the folder cannot be written, or what is there is not a regular file.
  explicit AtomicFile(std::filesystem::path path, Partial::Kind kind = Partial::Kind::kFile);

  /// @throws Error{kBadFile} when the disk refuses.
  void write(std::string_view text);
  void write(std::span<const std::byte> bytes);
  /// Overwrites bytes already written (a header whose length was not known before the rows).
  void write_at(std::uint64_t offset, std::string_view text);
  void commit();
  /// Removes what is there, if anything is, and takes its permissions: for files that say something about each other,
  /// of which an old one beside a new one would be wrong. Between this and commit() there is none.
  void withdraw_old();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  [[noreturn]] void fail(const char* what) const;
  std::filesystem::path path_;
  std::filesystem::path target_;
  Partial partial_;
};

/// Files that say something about each other: a kill leaves all old ones or only new ones, never old beside new.
class AtomicFiles {
 public:
  /// @throws Error{kBadFile} as AtomicFile.
  void add(const std::filesystem::path& path, std::string_view text);
  /// Removes the old ones.
  void withdraw_old();
  /// After withdraw_old(), or as its own first step.
  void commit();

 private:
  std::list<AtomicFile> files_;
  bool withdrawn_ = false;
};

}  // namespace mi2::base
