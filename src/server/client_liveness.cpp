#include "server/client_liveness.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <cstddef>

#include "server/message.hpp"

namespace mi2::server {

bool ClientLiveness::disconnected() {
  pollfd state{socket_, POLLRDHUP, 0};
  if (poll(&state, 1, 0) <= 0) return false;
  if ((state.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return true;
  if (at_end_ == AtEnd::kAsk && !asked_) {
    asked_ = true;
    // A failure shows at the next call. A part alone, when the client leaves earlier answers unread, would garble the
    // next answer.
    const ssize_t sent = send(socket_, kContinue.data(), kContinue.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent > 0 && static_cast<std::size_t>(sent) < kContinue.size();
  }
  return at_end_ == AtEnd::kDisconnected;
}

}  // namespace mi2::server
