#pragma once
// Results that appear under their name whole or not at all. Until then they stand beside it, under a name of the
// program's own and held by a lock: the next run with the same target knows what killed ones left, and removes it.

#include <cstdint>
#include <filesystem>
#include <string>

namespace mi2::base {

/// The file or folder that a path names in the end: of a link its target, whether that exists or not.
/// @throws Error{kBadFile} for links that lead in a circle.
std::filesystem::path resolved(const std::filesystem::path& path);

/// Flushes a folder's entries to disk. @throws Error{kBadFile}.
void sync_folder(const std::filesystem::path& folder);

/// Removes what dead runs left in a folder, whatever its target was: for a folder of the program's own, whose next run
/// may write other names. Nothing if there is no such folder.
void remove_dead_in(const std::filesystem::path& folder);

/// Gives an open file the owner and the permissions of the file at `to`, if there is one, as far as the system allows.
/// @throws Error{kBadFile} naming `to`, also if that is no regular file.
void take_permissions(int descriptor, const std::filesystem::path& to);

/// Gives the file at `from`, open as `descriptor` and whole, the name `to`: with the permissions of the file that it
/// replaces, flushed to disk before and after. `to` is resolved() and on the same file system.
/// @throws Error{kBadFile} naming `to`.
void put_in_place(int descriptor, const std::filesystem::path& from, const std::filesystem::path& to);

/// As put_in_place(), of a file that nobody writes any more.
void move_into_place(const std::filesystem::path& from, const std::filesystem::path& to);

class Partial {
 public:
  enum class Kind : std::uint8_t {
    kFile,
    kPrivateFile,  ///< one that only its owner may read, if there is none yet
    kFolder
  };

  /// Makes an empty file or folder beside `target`, which is resolved(), and removes what dead runs left there.
  /// @throws Error{kBadFile} naming the target.
  Partial(const std::filesystem::path& target, Kind kind);
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;
  /// Removes it unless it was given away.
  ~Partial();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// It has its name.
  void give_away() noexcept;

 private:
  bool make();

  std::filesystem::path target_;
  Kind kind_;
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace mi2::base
