#include "audit/trail.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "audit/files.hpp"
#include "base/file_at.hpp"
#include "base/hash.hpp"
#include "base/partial.hpp"
#include "base/utc.hpp"

namespace mi2::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kSoon{1};
constexpr mode_t kOwnFile = 0600;
constexpr mode_t kOwnFolder = 0700;

std::string digest(std::string_view line) { return base::sha256_hex(std::as_bytes(std::span(line))); }

void make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), kOwnFolder) == 0 || errno == EEXIST) return;
  fail(folder, "cannot be made");
}

/// The last bytes of a file: more than a line.
std::string tail_of(const Descriptor& file, const fs::path& path, std::uint64_t size) {
  std::string tail(static_cast<std::size_t>(std::min<std::uint64_t>(size, 2 * kLongestLine)), '\0');
  if (!base::read_at(file.get(), std::as_writable_bytes(std::span(tail)), size - tail.size())) {
    fail(path, "cannot be read");
  }
  return tail;
}

}  // namespace

struct Trail::Impl {
  Impl(fs::path where, std::uint64_t most) : folder(std::move(where)), file_bytes(most) {
    make_folder(folder);
    lock_folder();
    const std::vector<std::uint32_t> numbers = numbers_in(folder);
    if (numbers.empty()) return;
    number = numbers.back();
    continue_file();
    // A program that was killed left a file without a line.
    for (auto it = numbers.rbegin() + 1; lines == 0 && it != numbers.rend(); ++it) look_back(*it);
  }

  void lock_folder() {
    lock = Descriptor(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnFile));
    if (lock.get() < 0) fail(folder / "lock", "cannot be written");
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      throw Error(Code::kOverloaded, fmt::format("{}: another program writes this audit list", folder.string()));
    }
  }

  /// Goes on with the newest file.
  void continue_file() {
    const fs::path path = file_of(folder, number);
    file = Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (file.get() < 0) fail(path, "cannot be written");
    size = size_of(file, path);
    const std::string tail = tail_of(file, path, size);
    const std::size_t end = tail.rfind('\n');
    const std::size_t torn = end == std::string::npos ? tail.size() : tail.size() - end - 1;
    if (torn > kLongestLine) {
      throw Error(Code::kBadFile, fmt::format("{}: expected lines of at most {} bytes", path.string(), kLongestLine));
    }
    if (torn > 0) cut(size - torn);
    take_last(std::string_view(tail).substr(0, tail.size() - torn), path);
  }

  void look_back(std::uint32_t older) {
    const fs::path path = file_of(folder, older);
    const Descriptor read(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (read.get() < 0) fail(path, "cannot be read");
    take_last(tail_of(read, path, size_of(read, path)), path);
  }

  /// @param text  the end of a file, with whole lines.
  void take_last(std::string_view text, const fs::path& path) {
    if (text.empty()) return;
    text.remove_suffix(1);
    const std::size_t before = text.rfind('\n');
    const std::string_view line = before == std::string_view::npos ? text : text.substr(before + 1);
    const Head head = parse_head(line, fmt::format("{}: its last line", path.string()));
    lines = head.number;
    time = head.time;
    previous = digest(line);
  }

  void cut(std::uint64_t to) {
    if (::ftruncate(file.get(), static_cast<off_t>(to)) != 0) {
      broken = true;
      fail(file_of(folder, number), "cannot be cut");
    }
    size = to;
  }

  void begin_file() {
    if (file.get() >= 0) sync();
    const fs::path path = file_of(folder, number + 1);
    Descriptor next(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnFile));
    if (next.get() < 0) fail(path, "cannot be made");
    base::sync_folder(folder);
    file = std::move(next);
    ++number;
    size = 0;
  }

  void sync() {
    dirty = false;
    if (base::sync_data(file.get())) return;
    broken = true;  // what the system holds of it is lost, though a later attempt may succeed
    fail(file_of(folder, number), "cannot be written");
  }

  void append(const Entry& entry, Durable durable) {
    const std::lock_guard guard(mutex);
    if (broken) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: lines of it were lost; free the disk, and start the program anew", folder.string()));
    }
    if (file.get() < 0 || size >= file_bytes) begin_file();
    // A clock that is set back does not mix up the order.
    time = std::max(time, base::utc_now());
    const std::string line = to_line(entry, lines + 1, time, previous);
    if (line.size() > kLongestLine) {
      throw Error(Code::kTooLarge,
                  fmt::format("audit: expected a line of at most {} bytes, got {}", kLongestLine, line.size()));
    }
    if (!base::write_at(file.get(), std::as_bytes(std::span(line)), size)) {
      const int reason = errno;
      cut(size);
      errno = reason;
      fail(file_of(folder, number), "cannot be written");
    }
    size += line.size();
    ++lines;
    previous = digest(std::string_view(line).substr(0, line.size() - 1));
    dirty = true;
    if (durable == Durable::kNow) sync();
  }

  void keep_synced(const std::stop_token& stop) {
    std::unique_lock guard(mutex);
    do {
      static_cast<void>(wake.wait_for(guard, stop, kSoon, [] { return false; }));
      if (!dirty || broken) continue;
      try {
        sync();
      } catch (const Error&) {
        continue;  // append() says so to whoever comes next
      }
    } while (!stop.stop_requested());
  }

  fs::path folder;
  std::uint64_t file_bytes;
  Descriptor lock;
  std::mutex mutex;  ///< of what follows
  std::condition_variable_any wake;
  Descriptor file;
  std::uint32_t number = 0;  ///< of the file
  std::uint64_t size = 0;    ///< of the file
  std::uint64_t lines = 0;   ///< of all files
  std::string time;          ///< of the last line
  std::string previous;      ///< its SHA-256
  bool dirty = false;
  bool broken = false;
  std::jthread syncer;  ///< ends first
};

Trail::Trail(fs::path folder, std::uint64_t file_bytes) : impl_(std::make_unique<Impl>(std::move(folder), file_bytes)) {
  impl_->syncer = std::jthread([impl = impl_.get()](const std::stop_token& stop) { impl->keep_synced(stop); });
}

Trail::~Trail() = default;

void Trail::append(const Entry& entry, Durable durable) { impl_->append(entry, durable); }

const fs::path& Trail::folder() const noexcept { return impl_->folder; }

}  // namespace mi2::audit
