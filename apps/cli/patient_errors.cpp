#include "patient_errors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>

namespace mi2::cli {

PatientErrors::PatientErrors() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  real_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (real_ < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return;
  }
  reading_ = ends[0];
  writer_.emplace(real_);
  thread_ = std::thread([this] { empty(); });
  // A line is written whole or, where there is no room, not at all.
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  ::dup2(ends[1], STDERR_FILENO);
  ::close(ends[1]);
}

PatientErrors::~PatientErrors() {
  if (real_ < 0) return;
  writer_->end();
  ::dup2(real_, STDERR_FILENO);  // nobody writes into the pipe any more: the thread comes to its end
  thread_.join();
  ::close(reading_);
  ::close(real_);
}

void PatientErrors::empty() {
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t got = ::read(reading_, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    writer_->write(std::string_view(block.data(), static_cast<std::size_t>(got)));
  }
}

}  // namespace mi2::cli
