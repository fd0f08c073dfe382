#include "dimse/listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dimse/association.hpp"

namespace mi2::dimse {
namespace {

/// Connections beyond those that are served, each of which is told that it is one too many.
constexpr std::size_t kRefusing = 8;
constexpr int kPauseMs = 200;

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

std::unique_ptr<addrinfo, FreeAddresses> addresses_of(const ListenerOptions& options) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(options.address.c_str(), std::to_string(options.port).c_str(), &wanted, &found);
  if (error != 0 || found == nullptr) {
    throw Error(Code::kBadArgument, fmt::format("address '{}': expected one of this machine: {}", options.address,
                                                error == 0 ? "none is known" : ::gai_strerror(error)));
  }
  return std::unique_ptr<addrinfo, FreeAddresses>(found);
}

/// @returns -1 if it cannot be listened on; errno says why.
int listening_socket(const addrinfo& address) {
  const int descriptor = ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
  if (descriptor < 0) return -1;
  const int on = 1;
  const bool listens = ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                       ::bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 &&
                       ::listen(descriptor, SOMAXCONN) == 0;
  if (listens) return descriptor;
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  return -1;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  // The kernel's structures are read as what their family says they are.
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

}  // namespace

Listener::Listener(ListenerOptions options, Spool& spool, std::function<void(const AssociationRecord&)> on_end)
    : options_(std::move(options)), spool_(spool), on_end_(std::move(on_end)) {
  if (!prepare_network()) {
    throw Error(Code::kUnsupported, "DCMTK's dictionary cannot be loaded, without which no command is read");
  }
  bind();
}

Listener::~Listener() {
  if (socket_ >= 0) ::close(socket_);
}

void Listener::bind() {
  const auto found = addresses_of(options_);
  socket_ = listening_socket(*found);
  if (socket_ < 0) {
    throw Error(Code::kBadArgument,
                fmt::format("cannot listen on {} port {}: {}", options_.address, options_.port, std::strerror(errno)));
  }
  port_ = port_of(socket_);
}

void Listener::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{socket_, POLLIN, 0};
    if (::poll(&waiting, 1, kPauseMs) <= 0) continue;
    const int accepted = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted >= 0) {
      take(accepted, stop);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // What is being served gives some back.
      std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
    }
  }
  ::close(std::exchange(socket_, -1));
  running_.clear();  // waits for them
}

void Listener::take(int socket, const std::stop_token& stop) {
  std::erase_if(running_, [](const Running& one) { return one.done.load(); });
  if (running_.size() >= options_.associations + kRefusing) {
    ::close(socket);
    return;
  }
  // A peer that was refused holds no place while it does not hang up.
  const auto served = std::ranges::count_if(running_, [](const Running& one) { return !one.refused; });
  const bool full = std::cmp_greater_equal(served, options_.associations);
  Running& one = running_.emplace_back();
  one.refused = full;
  try {
    one.thread = std::jthread([this, socket, full, number = ++number_, stop, &one] {
      serve(socket, full, number, stop);
      one.done = true;
    });
  } catch (const std::system_error&) {  // no more threads
    running_.pop_back();
    ::close(socket);
  }
}

void Listener::serve(int socket, bool full, std::uint64_t number, const std::stop_token& stop) {
  AssociationRecord record;
  try {
    record = serve_association(socket, options_, spool_, full, stop);
  } catch (const std::exception&) {  // of memory that there is not
    record.outcome = "failed";
  }
  record.number = number;
  const std::lock_guard lock(ending_);
  on_end_(record);
}

}  // namespace mi2::dimse
