#pragma once
// Where connections come in.

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "server/connection.hpp"
#include "server/log.hpp"
#include "server/net.hpp"

namespace mi2::server {

class Listener {
 public:
  /// Binds. @throws Error{kBadArgument} for an address that cannot be used.
  Listener(asio::io_context& io, const ConnectionParts& parts, Log& log);

  /// From now on new connections use this; null: plain HTTP.
  void use_tls(std::shared_ptr<asio::ssl::context> tls) { tls_ = std::move(tls); }
  /// "http://127.0.0.1:5001", with the port that was bound.
  [[nodiscard]] std::string address() const;
  /// Takes connections until stop().
  asio::awaitable<void> run();
  void stop();

 private:
  void take(tcp::socket socket);

  asio::io_context& io_;
  ConnectionParts parts_;
  Log& log_;
  tcp::acceptor acceptor_;
  std::shared_ptr<asio::ssl::context> tls_;
};

}  // namespace mi2::server
