#include "jobs/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
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

/// The first line of a job file, by which it is known from a file of others that has its name.
constexpr std::string_view kMark = "mi2: what the unfinished output beside this file depends on\n";

/// What is kept of a job's description: a long one's hash says as well whether it is the same.
std::string kept(const std::string& job) {
  if (kMark.size() + job.size() <= kMaxJobBytes) return job;
  return fmt::format("sha256 {}", base::sha256_hex(std::as_bytes(std::span(job))));
}

std::string marked(const std::string& description) { return std::string(kMark) + description; }

/// A file itself, not what a link leads to.
bool is_small_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(fs::symlink_status(path, ignored)) && fs::file_size(path, ignored) <= kMaxJobBytes;
}

/// The text of a job file; nothing if there is none.
/// @param unmarked  what of unmarked files is taken for one: version 0.1 wrote no mark.
/// @throws Error{kBadArgument} for what is no job file, a link among it.
std::optional<std::string> read_job(const fs::path& path, const std::string& unmarked) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(path, ignored))) return std::nullopt;
  if (is_small_file(path)) {
    std::string text = base::read_text_file(path, kMaxJobBytes);
    if (text.starts_with(kMark) || text == unmarked) return text;
  }
  throw Error(
      Code::kBadArgument,
      fmt::format("{}: is not a file of mi2, which keeps there what unfinished output depends on; move it away, "
                  "or choose another output",
                  path.string()));
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
  const std::string description = kept(job);
  const std::optional<std::string> earlier = read_job(job_, description);
  descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode_for(output_));
  if (descriptor_ < 0 && errno == ELOOP) refuse_part("is a link");
  if (descriptor_ < 0) fail("cannot be written");
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      throw Error(Code::kBadArgument, fmt::format("{}: another run is writing it", part_.string()));
    }
    off_t size = ::lseek(descriptor_, 0, SEEK_END);
    if (size < 0) fail("cannot be read");
    // A job file is on disk before the first line.
    if (size > 0 && !earlier) refuse_part(fmt::format("is there without {}", job_.filename().string()));
    if (size > 0 && restart) {
      if (::ftruncate(descriptor_, 0) != 0) fail("cannot be emptied");
      size = 0;
    }
    const std::string wanted = marked(description);
    if (size > 0 && *earlier != wanted && *earlier != description) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: was begun with another input, model or options; --restart throws "
                              "it away",
                              part_.string()));
    }
    if (size == 0 || *earlier != wanted) {
      base::AtomicFile file(job_);
      file.write(wanted);
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

void Journal::refuse_part(std::string_view what) const {
  throw Error(Code::kBadArgument,
              fmt::format("{}: {}, so it is not unfinished output of mi2; move it away, or choose another output",
                          part_.string(), what));
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

void Journal::remove_job() noexcept {
  try {
    if (is_small_file(job_) && base::read_text_file(job_, kMaxJobBytes).starts_with(kMark)) fs::remove(job_);
  } catch (...) {
    return;  // it stays; the next run with this output writes it again
  }
}

void Journal::finish() {
  base::put_in_place(descriptor_, part_, output_);
  remove_job();
}

void Journal::discard() noexcept {
  std::error_code ignored;
  fs::remove(part_, ignored);
  remove_job();
}

}  // namespace mi2::jobs
