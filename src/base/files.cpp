#include "base/files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

/// Closes a descriptor at the end of a scope.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

int open_regular(const std::filesystem::path& path, struct stat& status) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const Code code = errno == ENOENT || errno == ENOTDIR ? Code::kNotFound : Code::kBadFile;
    throw Error(code, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    throw Error(Code::kBadFile, fmt::format("{}: not a regular file", path.string()));
  }
  return descriptor;
}

template <typename Container>
Container read_whole(const std::filesystem::path& path, std::uint64_t max_bytes) {
  struct stat status {};
  const Descriptor file{open_regular(path, status)};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > max_bytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes, the limit is {}", path.string(), size, max_bytes));
  }
  Container content;
  content.resize(size);
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.value, content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(Code::kBadFile, fmt::format("{}: read {} of {} bytes: {}", path.string(), done, size,
                                              got < 0 ? std::strerror(errno) : "the file shrank"));
    }
    done += static_cast<std::size_t>(got);
  }
  return content;
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  struct stat status {};
  const Descriptor file{open_regular(path, status)};
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.value, 0);
  if (mapped == MAP_FAILED) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot map {} bytes: {}", path.string(), size_, std::strerror(errno)));
  }
  data_ = static_cast<const std::byte*>(mapped);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::release(std::size_t offset, std::size_t size) const noexcept {
  if (data_ == nullptr || offset >= size_) return;
  // Only whole pages inside the range: the neighbours' data shares the first and the last one.
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t begin = (offset + page - 1) / page * page;
  const std::size_t end = std::min(offset + size, size_) / page * page;
  if (begin < end) ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return read_whole<std::vector<std::byte>>(path, max_bytes);
}

std::string read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return read_whole<std::string>(path, max_bytes);
}

bool write_all(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)), temporary_(path_.string() + ".XXXXXX") {
  descriptor_ = ::mkostemp(temporary_.data(), O_CLOEXEC);
  if (descriptor_ < 0) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot be written: {}", path_.string(), std::strerror(errno)));
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::fail(const char* what) const {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path_.string(), what, std::strerror(errno)));
}

void AtomicFile::write(std::string_view text) {
  if (!write_all(descriptor_, text)) fail("cannot write");
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void AtomicFile::write_at(std::uint64_t offset, std::string_view text) {
  const ssize_t put = ::pwrite(descriptor_, text.data(), text.size(), static_cast<off_t>(offset));
  if (put < 0 || static_cast<std::size_t>(put) != text.size()) fail("cannot write");
}

void AtomicFile::commit() {
  // mkostemp makes the file private to its owner; a result is as readable as any file the user makes.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(descriptor_, 0666 & ~mask) != 0) fail("cannot set permissions");
  if (::fsync(descriptor_) != 0) fail("cannot flush to disk");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot rename into place");
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace mi2::base
