#include "benchmark/fidelity/isolate.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>

#include <fmt/format.h>

#include "base/files.hpp"

#include <mi2/error.hpp>

namespace mi2::fidelity {
namespace {

constexpr int kPollMilliseconds = 500;

/// What goes through the pipe: a header, then `size` bytes.
enum class Kind : std::uint32_t { kProgress, kResult, kError };
struct Header {
  Kind kind;
  Code code;           ///< of an error
  std::uint64_t size;  ///< of what follows; of progress what is done, and nothing follows
  std::uint64_t total = 0;
};

[[noreturn]] void fail(std::string_view name, std::string_view what) {
  throw Error(Code::kInternal, fmt::format("{}: {}: {}", name, what, std::strerror(errno)));
}

/// Only the child writes; a parent that is gone is the child's end as well.
void send(int pipe, const Header& header, std::string_view bytes) {
  std::string message(reinterpret_cast<const char*>(&header), sizeof header);
  message += bytes;
  if (!base::write_all(pipe, message)) ::_exit(1);
}

void send_error(int pipe, Code code, std::string_view message) {
  send(pipe, {Kind::kError, code, message.size()}, message);
}

/// Leaves by _exit: what the parent would clean up (files half written, buffers) is the parent's.
[[noreturn]] void run_child(int pipe, pid_t parent, const IsolatedWork& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  try {
    const std::string result = work([pipe](const base::Progress& at) {
      send(pipe, {Kind::kProgress, {}, at.done, at.total}, {});
    });
    send(pipe, {Kind::kResult, {}, result.size()}, result);
  } catch (const Error& error) {
    send_error(pipe, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    send_error(pipe, Code::kTooLarge, "not enough memory; a smaller --batch or fewer --threads need less");
  } catch (const std::exception& error) {
    send_error(pipe, Code::kInternal, error.what());
  }
  ::_exit(0);
}

/// The child and the reading end of its pipe; ends the child unless it has ended by itself.
class Child {
 public:
  Child(std::string_view name, const IsolatedWork& work) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(name, "no pipe");
    const pid_t parent = ::getpid();
    id_ = ::fork();
    if (id_ == 0) {
      ::close(ends[0]);
      run_child(ends[1], parent, work);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
    if (id_ > 0) return;
    ::close(pipe_);
    fail(name, "no child process");
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::close(pipe_);
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    wait();
  }

  /// Fills `to`, calling `idle` now and then while there is nothing to read. @returns false at the end of the pipe.
  bool read(char* to, std::size_t size, const std::function<void()>& idle) {
    while (size > 0) {
      pollfd waiting{pipe_, POLLIN, 0};
      if (::poll(&waiting, 1, kPollMilliseconds) <= 0) {
        idle();
        continue;
      }
      const ssize_t got = ::read(pipe_, to, size);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      to += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }

  /// @returns waitpid()'s status.
  int wait() {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = 0;
    return status;
  }

 private:
  pid_t id_ = 0;
  int pipe_ = -1;
};

[[noreturn]] void report_death(std::string_view name, int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    throw Error(Code::kTooLarge, fmt::format("{}: its process was killed; most likely memory ran out", name));
  }
  throw Error(Code::kInternal, WIFSIGNALED(status)
                                   ? fmt::format("{}: its process ended by signal {}", name, WTERMSIG(status))
                                   : fmt::format("{}: its process ended with no result", name));
}

}  // namespace

std::string run_isolated(std::string_view name, const IsolatedWork& work, const base::OnProgress& on_progress) {
  Child child(name, work);
  base::Progress at{name};
  const auto report = [&] {
    if (on_progress) on_progress(at);
  };
  Header header{};
  while (child.read(reinterpret_cast<char*>(&header), sizeof header, report)) {
    if (header.kind == Kind::kProgress) {
      at.done = header.size;
      at.total = header.total;
      report();
      continue;
    }
    std::string bytes(header.size, '\0');
    if (!child.read(bytes.data(), bytes.size(), report)) break;
    child.wait();
    if (header.kind == Kind::kError) throw Error(header.code, bytes);
    return bytes;
  }
  report_death(name, child.wait());
}

}  // namespace mi2::fidelity
