#include "server/listener.hpp"

#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace mi2::server {
namespace {

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Type: application/json\r\n"
    "Content-Length: 35\r\nConnection: close\r\n\r\n{\"message\": \"too many connections\"}";

tcp::endpoint endpoint_of(asio::io_context& io, const Options& options) {
  error_code error;
  tcp::resolver resolver(io);
  const tcp::resolver::results_type found =
      resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    throw Error(Code::kBadArgument, fmt::format("host '{}': no address of this machine has this name", options.host));
  }
  return found.begin()->endpoint();
}

}  // namespace

Listener::Listener(asio::io_context& io, const ConnectionParts& parts, Log& log)
    : io_(io), parts_(parts), log_(log), acceptor_(io) {
  const tcp::endpoint endpoint = endpoint_of(io, parts_.options);
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    throw Error(Code::kBadArgument, fmt::format("cannot listen on {} port {}: {}", parts_.options.host,
                                                parts_.options.port, error.message()));
  }
}

std::string Listener::address() const {
  const tcp::endpoint endpoint = acceptor_.local_endpoint();
  const std::string host = endpoint.address().to_string();
  return fmt::format("{}://{}:{}", parts_.options.tls_certificate.empty() ? "http" : "https",
                     endpoint.address().is_v6() ? fmt::format("[{}]", host) : host, endpoint.port());
}

asio::awaitable<void> Listener::run() {
  while (acceptor_.is_open()) {
    error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(into(error));
    if (!error) {
      take(std::move(socket));
    } else if (acceptor_.is_open() && error != asio::error::operation_aborted) {
      // Out of descriptors, or a client gone before it was taken: neither is worth a busy loop.
      log_.error("accept_failed", {{"error", error.message()}});
      asio::steady_timer pause(io_, std::chrono::milliseconds(50));
      co_await pause.async_wait(into(error));
    }
  }
}

void Listener::take(tcp::socket socket) {
  error_code ignored;
  if (parts_.connections.size() >= parts_.options.limits.connections) {
    parts_.handler.lost("too_many_connections");
    socket.non_blocking(true, ignored);
    if (!tls_) socket.write_some(asio::buffer(kFull), ignored);
    socket.shutdown(tcp::socket::shutdown_both, ignored);
    return;
  }
  socket.set_option(tcp::no_delay(true), ignored);
  asio::co_spawn(io_, serve_connection(std::move(socket), tls_, parts_), [this](std::exception_ptr failed) {
    if (failed) log_.error("connection_failed");
  });
}

void Listener::stop() {
  error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace mi2::server
