#include "base/partial.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/hash.hpp"

namespace mi2::base {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".mi2-";
constexpr std::size_t kDigits = 8;

[[noreturn]] void fail(const fs::path& path, std::string_view what, int error) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, std::strerror(error)));
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// What names beside a target start with: not all of a name that is nearly as long as names may be.
std::string stem_of(const fs::path& target) {
  constexpr std::size_t kLongest = 200;
  return target.filename().string().substr(0, kLongest) + std::string(kMark);
}

/// Nobody else's file has it by chance.
std::string check_of(std::string_view stem, std::string_view digits) {
  const std::string text = fmt::format("{}{}", stem, digits);
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, kDigits);
}

bool is_ours(std::string_view name, std::string_view stem) {
  if (name.size() != stem.size() + 2 * kDigits || !name.starts_with(stem)) return false;
  return name.substr(stem.size() + kDigits) == check_of(stem, name.substr(stem.size(), kDigits));
}

/// Of whatever target.
bool is_ours(std::string_view name) {
  if (name.size() < kMark.size() + 2 * kDigits) return false;
  const std::string_view stem = name.substr(0, name.size() - 2 * kDigits);
  return stem.ends_with(kMark) && is_ours(name, stem);
}

std::string fresh_name(std::string_view stem) {
  std::random_device random;
  const std::string digits = fmt::format("{:08x}", random());
  return fmt::format("{}{}{}", stem, digits, check_of(stem, digits));
}

/// Whether `path` is what `descriptor` is open on: nobody has removed it in the meantime.
bool is_still_there(int descriptor, const fs::path& path) {
  struct stat mine {};
  struct stat there {};
  return ::fstat(descriptor, &mine) == 0 && ::lstat(path.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
         mine.st_dev == there.st_dev;
}

/// Removes it if the run that made it is dead. Where locks are not to be had, nothing is.
void remove_if_dead(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat status {};
  const bool mine = ::fstat(descriptor, &status) == 0 && status.st_uid == ::geteuid() &&
                    (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
  std::error_code ignored;
  if (mine && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) fs::remove_all(path, ignored);
  ::close(descriptor);
}

/// @param ours  whether a name is looked at.
template <typename Ours>
void remove_dead_of(const fs::path& folder, const Ours& ours) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (ours(entry->path().filename().string())) found.push_back(entry->path());
  }
  for (const fs::path& path : found) remove_if_dead(path);
}

void remove_dead(const fs::path& target) {
  const std::string stem = stem_of(target);
  remove_dead_of(folder_of(target), [&](const std::string& name) { return is_ours(name, stem); });
}

/// The permissions of a regular file that is there. @throws Error{kBadFile} if it is anything else.
std::optional<mode_t> mode_of(const fs::path& target) {
  struct stat status {};
  if (::lstat(target.c_str(), &status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode)) throw Error(Code::kBadFile, fmt::format("{}: is not a regular file", target.string()));
  return status.st_mode & 07777U;
}

}  // namespace

fs::path resolved(const fs::path& path) {
  constexpr int kMostLinks = 40;
  fs::path at = path;
  std::error_code error;
  for (int i = 0; i < kMostLinks; ++i) {
    if (!fs::is_symlink(fs::symlink_status(at, error))) return at;
    const fs::path next = fs::read_symlink(at, error);
    if (error) fail(path, "cannot be read", error.value());
    at = folder_of(at) / next;
  }
  fail(path, "cannot be written", ELOOP);
}

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A folder that one may write into and not read cannot be flushed.
  if (descriptor < 0 && errno == EACCES) return;
  const bool done = descriptor >= 0 && (::fsync(descriptor) == 0 || errno == EINVAL);
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!done) fail(folder, "cannot flush to disk", error);
}

void remove_dead_in(const fs::path& folder) {
  remove_dead_of(folder, [](const std::string& name) { return is_ours(name); });
}

void take_permissions(int descriptor, const fs::path& to) {
  struct stat old {};
  if (!mode_of(to) || ::lstat(to.c_str(), &old) != 0) return;
  // Another's file stays theirs where the system allows it; what it does not allow is no reason to fail.
  struct stat mine {};
  const bool same = ::fstat(descriptor, &mine) == 0 && mine.st_uid == old.st_uid && mine.st_gid == old.st_gid;
  if (!same && ::fchown(descriptor, old.st_uid, old.st_gid) != 0) old.st_mode &= ~06000U;
  if (::fchmod(descriptor, old.st_mode & 07777U) != 0) fail(to, "cannot set permissions", errno);
}

void put_in_place(int descriptor, const fs::path& from, const fs::path& to) {
  take_permissions(descriptor, to);
  if (::fsync(descriptor) != 0) fail(to, "cannot flush to disk", errno);
  if (::rename(from.c_str(), to.c_str()) != 0) fail(to, "cannot rename into place", errno);
  sync_folder(folder_of(to));
}

void move_into_place(const fs::path& from, const fs::path& to) {
  const int descriptor = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(from, "cannot be read", errno);
  try {
    put_in_place(descriptor, from, to);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  ::close(descriptor);
}

Partial::Partial(const fs::path& target, Kind kind) : target_(target), kind_(kind) {
  if (kind != Kind::kFolder) static_cast<void>(mode_of(target));
  remove_dead(target);
  constexpr int kAttempts = 100;
  for (int i = 0; i < kAttempts; ++i) {
    if (make()) return;
  }
  fail(target_, "cannot be written", errno);
}

/// @returns false if another name has to be tried.
bool Partial::make() {
  path_ = folder_of(target_) / fresh_name(stem_of(target_));
  if (kind_ == Kind::kFolder) {
    if (::mkdir(path_.c_str(), 0777) != 0) {
      if (errno == EEXIST) return false;
      fail(target_, "cannot be made", errno);
    }
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  } else {
    // What replaces a private file must not be readable before it has its permissions.
    const mode_t mode = kind_ == Kind::kPrivateFile || mode_of(target_) ? 0600 : 0666;
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  }
  if (descriptor_ < 0) {
    if (errno == EEXIST || errno == ENOENT) {
      struct stat parent {};
      if (::stat(folder_of(target_).c_str(), &parent) == 0) return false;
      errno = ENOENT;
    }
    fail(target_, "cannot be written", errno);
  }
  // Another run may have taken it for a dead one's before it was locked.
  const bool locked = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  if (locked && is_still_there(descriptor_, path_)) return true;
  ::close(std::exchange(descriptor_, -1));
  return false;
}

void Partial::give_away() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Partial::~Partial() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  ::close(descriptor_);
}

}  // namespace mi2::base
