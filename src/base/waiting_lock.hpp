#pragma once
// Locks between processes that are held for moments, so that others wait for them.

#include <filesystem>

namespace mi2::base {

/// flock() until it is held, whatever signals come. @param how  LOCK_EX or LOCK_SH.
/// @returns false if it cannot be: errno says why.
[[nodiscard]] bool wait_for_lock(int descriptor, int how) noexcept;

/// A file or a folder that one process at a time has, while this lives.
class WaitingLock {
 public:
  /// @param flags  of open(), O_CLOEXEC apart.  @throws Error{kBadFile} naming the path.
  WaitingLock(const std::filesystem::path& path, int flags);
  WaitingLock(const WaitingLock&) = delete;
  WaitingLock& operator=(const WaitingLock&) = delete;
  ~WaitingLock();

 private:
  int descriptor_;
};

}  // namespace mi2::base
