#include "server/listener.hpp"

#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/ssl.hpp>

#include "base/files.hpp"

namespace mi2::server {
namespace {

constexpr std::size_t kMaxPemBytes = 1U << 20;
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

std::shared_ptr<asio::ssl::context> open_tls(const Options& options) {
  namespace ssl = asio::ssl;
  if (options.tls_certificate.empty()) return nullptr;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::no_sslv2 | ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                       ssl::context::no_tlsv1_1 | ssl::context::single_dh_use);
  error_code error;
  const std::string chain = base::read_text_file(options.tls_certificate, kMaxPemBytes);
  context->use_certificate_chain(asio::buffer(chain), error);
  if (error) {
    throw Error(Code::kBadFile,
                fmt::format("{}: not a certificate chain in PEM form", options.tls_certificate.string()));
  }
  const std::string key = base::read_text_file(options.tls_key, kMaxPemBytes);
  context->use_private_key(asio::buffer(key), ssl::context::pem, error);
  if (error) {
    throw Error(Code::kBadFile, fmt::format("{}: not the private key, in PEM form, of the certificate in {}",
                                            options.tls_key.string(), options.tls_certificate.string()));
  }
  return context;
}

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
