#include "base/patient_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>

namespace mi2::base {

void PatientWriter::end() noexcept {
  constexpr std::chrono::seconds kPatience{2};
  end_.store((Clock::now() + kPatience).time_since_epoch());
}

void PatientWriter::write(std::string_view bytes) {
  // A pipe that can be written takes so many bytes without blocking.
  while (!bytes.empty() && wait_until_writable()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (put < 0 && errno != EINTR && errno != EAGAIN) return;
    if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

bool PatientWriter::wait_until_writable() const {
  constexpr int kLook = 100;  // milliseconds
  pollfd state{descriptor_, POLLOUT, 0};
  for (;;) {
    const bool over = Clock::now().time_since_epoch() >= end_.load();
    const int ready = ::poll(&state, 1, over ? 0 : kLook);
    if (ready > 0) return (state.revents & POLLOUT) != 0;
    if (over || (ready < 0 && errno != EINTR)) return false;
  }
}

}  // namespace mi2::base
