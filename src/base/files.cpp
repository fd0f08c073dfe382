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

std::int64_t time_of(const struct stat& status) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  return static_cast<std::int64_t>(status.st_mtim.tv_sec) * kNanoseconds + status.st_mtim.tv_nsec;
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
  Descriptor file{open_regular(path, status)};
  size_ = static_cast<std::size_t>(status.st_size);
  written_ns_ = time_of(status);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.value, 0);
  if (mapped == MAP_FAILED) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot map {} bytes: {}", path.string(), size_, std::strerror(errno)));
  }
  data_ = static_cast<const std::byte*>(mapped);
  guard_ = MappingGuard(data_, size_);
  descriptor_ = std::exchange(file.value, -1);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      written_ns_(other.written_ns_),
      guard_(std::move(other.guard_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(written_ns_, other.written_ns_);
  std::swap(guard_, other.guard_);
  return *this;
}

MappedFile::~MappedFile() {
  guard_ = MappingGuard();
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

void MappedFile::check() const {
  if (descriptor_ < 0) return;
  struct stat now {};
  const bool same =
      ::fstat(descriptor_, &now) == 0 && static_cast<std::size_t>(now.st_size) == size_ && time_of(now) == written_ns_;
  if (same && !guard_.damaged()) return;
  throw Error(Code::kBadFile, fmt::format("{}: was cut or written while it was in use", path_.string()));
}

InputFile::InputFile(std::filesystem::path path) : path_(std::move(path)) {
  struct stat status {};
  descriptor_ = open_regular(path_, status);
}

InputFile::~InputFile() { ::close(descriptor_); }

std::size_t InputFile::read(std::span<char> buffer) const {
  ssize_t got = 0;
  do {
    got = ::read(descriptor_, buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw Error(Code::kBadFile, fmt::format("{}: cannot be read: {}", path_.string(), std::strerror(errno)));
  return static_cast<std::size_t>(got);
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
    if (put == 0) errno = ENOSPC;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

AtomicFile::AtomicFile(std::filesystem::path path, Partial::Kind kind)
    : path_(std::move(path)), target_(resolved(path_)), partial_(target_, kind) {}

void AtomicFile::fail(const char* what) const {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path_.string(), what, std::strerror(errno)));
}

void AtomicFile::write(std::string_view text) {
  if (!write_all(partial_.descriptor(), text)) fail("cannot write");
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void AtomicFile::write_at(std::uint64_t offset, std::string_view text) {
  const ssize_t put = ::pwrite(partial_.descriptor(), text.data(), text.size(), static_cast<off_t>(offset));
  if (put < 0 || static_cast<std::size_t>(put) != text.size()) fail("cannot write");
}

void AtomicFile::commit() {
  put_in_place(partial_.descriptor(), partial_.path(), target_);
  partial_.give_away();
}

void AtomicFile::withdraw_old() {
  take_permissions(partial_.descriptor(), target_);
  if (::unlink(target_.c_str()) != 0 && errno != ENOENT) fail("cannot be replaced");
}

void AtomicFiles::add(const std::filesystem::path& path, std::string_view text) {
  files_.emplace_back(path).write(text);
}

void AtomicFiles::withdraw_old() {
  for (AtomicFile& file : files_) file.withdraw_old();
  withdrawn_ = true;
}

void AtomicFiles::commit() {
  if (!withdrawn_) withdraw_old();
  for (AtomicFile& file : files_) file.commit();
}

}  // namespace mi2::base
