#include "base/waiting_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view what, int reason) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(reason)));
}

}  // namespace

bool wait_for_lock(int descriptor, int how) noexcept {
  while (::flock(descriptor, how) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

WaitingLock::WaitingLock(const std::filesystem::path& path, int flags)
    : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) refuse(path, "cannot be opened", errno);
  if (wait_for_lock(descriptor_, LOCK_EX)) return;
  const int reason = errno;
  ::close(descriptor_);
  refuse(path, "cannot be locked", reason);
}

WaitingLock::~WaitingLock() { ::close(descriptor_); }

}  // namespace mi2::base
