#include "base/folders.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"

namespace mi2::base {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string_view what, int error) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, std::strerror(error)));
}

[[noreturn]] void refuse_existing(const fs::path& path) {
  throw Error(Code::kBadArgument, fmt::format("{}: already exists; expected a new folder", path.string()));
}

fs::path checked(fs::path path) {
  if (!path.has_filename()) path = path.parent_path();
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(path, ignored))) refuse_existing(path);
  return path;
}

/// A new file of a folder that nobody else knows.
class NewFile {
 public:
  NewFile(const fs::path& path, const fs::path& shown)
      : shown_(shown), descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) fail(shown_, "cannot be written", errno);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() { ::close(descriptor_); }

  void write(std::string_view bytes) const {
    if (!write_all(descriptor_, bytes)) fail(shown_, "cannot write", errno);
  }
  void finish() const {
    if (::fsync(descriptor_) != 0) fail(shown_, "cannot flush to disk", errno);
  }

 private:
  fs::path shown_;
  int descriptor_;
};

fs::path place(const fs::path& folder, const fs::path& relative, const fs::path& shown) {
  const fs::path to = folder / relative;
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error) fail(shown / relative, "cannot be made", error.value());
  return to;
}

}  // namespace

AtomicFolder::AtomicFolder(fs::path path) : path_(checked(std::move(path))), partial_(path_, Partial::Kind::kFolder) {}

void AtomicFolder::write(const fs::path& relative, std::string_view text) const {
  const NewFile file(place(partial_.path(), relative, path_), path_ / relative);
  file.write(text);
  file.finish();
}

void AtomicFolder::copy(const fs::path& from, const fs::path& relative) const {
  constexpr std::size_t kBlock = 1U << 20;
  const InputFile source(from);
  const NewFile file(place(partial_.path(), relative, path_), path_ / relative);
  std::string block(kBlock, '\0');
  while (const std::size_t got = source.read(block)) file.write(std::string_view(block).substr(0, got));
  file.finish();
}

void AtomicFolder::commit() {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(partial_.path(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory()) sync_folder(entry->path());
  }
  if (error) fail(path_, "cannot be read", error.value());
  sync_folder(partial_.path());
  // An empty folder that somebody has made in the meantime would be replaced without a word.
  int renamed = ::renameat2(AT_FDCWD, partial_.path().c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
  if (renamed != 0 && (errno == EINVAL || errno == ENOSYS)) {
    renamed = ::rename(partial_.path().c_str(), checked(path_).c_str());
  }
  if (renamed != 0 && errno == EEXIST) refuse_existing(path_);
  if (renamed != 0) fail(path_, "cannot rename into place", errno);
  partial_.give_away();
  sync_folder(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

}  // namespace mi2::base
