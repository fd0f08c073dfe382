#pragma once
// One connection and what happens on it. Private to this room: it shows the networking libraries.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <boost/asio/ssl.hpp>
#include <boost/beast/ssl.hpp>

#include "dicomweb/client.hpp"

#include "net/names.hpp"

namespace mi2::dicomweb {

/// A request that came to nothing. @param started  whether a part of its answer was handed on.
class Broken : public Error {
 public:
  Broken(const std::string& what, bool started) : Error(Code::kBadFile, what), started_(started) {}
  [[nodiscard]] bool started() const noexcept { return started_; }

 private:
  bool started_;
};

/// Nobody is there.
class Unreachable : public Error {
 public:
  explicit Unreachable(const std::string& what) : Error(Code::kBadFile, what) {}
};

bool is_redirect(unsigned status) noexcept;
/// 503, 429, and what proxies say of a server that has no time.
bool is_busy(unsigned status) noexcept;
/// Whether a status is what was asked for, and not that something else has to be done first. @param any_status  as
/// Request has it.
bool is_answer(unsigned status, bool any_status) noexcept;

struct Client::Connection {
  using HttpRequest = net::http::request<net::http::string_body>;
  using Tls = net::beast::ssl_stream<net::beast::tcp_stream>;

  Connection(const net::Target& target, const ClientOptions& limits, std::stop_token stop);

  /// Over the connection that is there, or over a new one.
  /// @param any_status  as of is_answer(): `use` gets the body of an answer alone.
  /// @throws Broken, Unreachable, RunEnds (TLS refuses the server), Stopped; what `use` throws.
  Head exchange(const HttpRequest& request, const OnPiece& use, bool any_status = false);

 private:
  /// What became of a request.
  struct Exchange {
    const HttpRequest& request;
    const OnPiece& use;
    bool any_status = false;
    Head head{};
    bool started = false;  ///< the head has come
    bool keep = false;     ///< the connection may be used again
  };
  void run(net::asio::awaitable<void> work);
  net::asio::awaitable<void> connect();
  template <typename Stream>
  net::asio::awaitable<void> converse(Stream& stream, Exchange& exchange);
  net::asio::awaitable<void> talk(Exchange& exchange);
  [[nodiscard]] bool connected() const { return plain_ || secure_; }
  void close();
  void drop();

  const net::Target& target_;
  const ClientOptions& limits_;
  std::stop_token stop_;
  net::asio::io_context io_{1};
  net::asio::ssl::context tls_{net::asio::ssl::context::tls_client};
  std::optional<net::beast::tcp_stream> plain_;
  std::unique_ptr<Tls> secure_;
  net::beast::flat_buffer buffer_;
};

}  // namespace mi2::dicomweb
