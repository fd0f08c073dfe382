#include "jobs/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/partial.hpp"

namespace mi2::jobs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxJobBytes = 1 << 16;

/// What is kept of a job's description: a long one's hash says as well whether it is the same.
std::string kept(const std::string& job) {
  if (job.size() <= kMaxJobBytes) return job;
  return fmt::format("sha256 {}", base::sha256_hex(std::as_bytes(std::span(job))));
}

/// Until it has its permissions, what replaces a private file is as private.
mode_t mode_for(const fs::path& output) {
  std::error_code ignored;
  return fs::exists(output, ignored) ? 0600 : 0666;
}

fs::path beside(const fs::path& path, const char* suffix) { return path.string() + suffix; }

}  // namespace

Journal::Journal(fs::path output, const std::string& job, bool restart,
                 const std::function<bool(std::string_view line)>& failed)
    : output_(base::resolved(output)), part_(beside(output_, ".part")), job_(beside(output_, ".job")) {
  descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode_for(output_));
  if (descriptor_ < 0) fail("cannot be written");
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      throw Error(Code::kBadArgument, fmt::format("{}: another run is writing it", part_.string()));
    }
    if (restart && ::ftruncate(descriptor_, 0) != 0) fail("cannot be emptied");
    const off_t size = ::lseek(descriptor_, 0, SEEK_END);
    if (size < 0) fail("cannot be read");
    std::error_code ignored;
    const bool same = size == 0 || (fs::exists(job_, ignored) && base::read_text_file(job_, kMaxJobBytes) == kept(job));
    if (!same) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: was begun with another input, model or options; --restart throws "
                              "it away",
                              part_.string()));
    }
    if (size == 0) {
      base::AtomicFile file(job_);
      file.write(kept(job));
      file.commit();
    }
    keep_whole_lines(failed);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

Journal::~Journal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Journal::fail(const char* what) const {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", part_.string(), what, std::strerror(errno)));
}

void Journal::keep_whole_lines(const std::function<bool(std::string_view line)>& failed) {
  constexpr std::size_t kShown = 1024;  // of a line's start: what `failed` needs
  std::array<char, 1 << 16> block;
  std::string start;
  off_t at = 0;
  off_t whole = 0;
  for (;;) {
    const ssize_t got = ::pread(descriptor_, block.data(), block.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot be read");
    if (got == 0) break;
    for (const char c : std::string_view(block.data(), static_cast<std::size_t>(got))) {
      ++at;
      if (c != '\n') {
        if (start.size() < kShown) start += c;
        continue;
      }
      ++lines_;
      if (failed(start)) ++failed_;
      start.clear();
      whole = at;
    }
  }
  // A line that a crash cut short is written again.
  if (::ftruncate(descriptor_, whole) != 0 || ::lseek(descriptor_, whole, SEEK_SET) < 0) fail("cannot be shortened");
}

void Journal::append(std::string_view lines) {
  if (!base::write_all(descriptor_, lines)) fail("cannot be written");
}

void Journal::finish() {
  base::put_in_place(descriptor_, part_, output_);
  std::error_code error;
  fs::remove(job_, error);
}

void Journal::discard() noexcept {
  std::error_code ignored;
  fs::remove(part_, ignored);
  fs::remove(job_, ignored);
}

}  // namespace mi2::jobs
