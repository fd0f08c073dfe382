#include "server/presence.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <string_view>

namespace mi2::server {

bool Presence::gone() {
  constexpr std::string_view kInterim = "HTTP/1.1 100 Continue\r\n\r\n";
  pollfd state{socket_, POLLRDHUP, 0};
  if (poll(&state, 1, 0) <= 0) return false;
  const auto any_of = [&state](int events) { return (state.revents & events) != 0; };
  if (any_of(POLLERR | POLLHUP | POLLNVAL)) return true;
  if (at_end_ == AtEnd::kAsk && !asked_) {
    asked_ = true;
    // Its buffer is empty, so this is sent whole; a failure shows at the next call.
    (void)send(socket_, kInterim.data(), kInterim.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  return at_end_ == AtEnd::kGone;
}

}  // namespace mi2::server
