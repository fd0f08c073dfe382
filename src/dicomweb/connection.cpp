#include "dicomweb/connection.hpp"

#include <charconv>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/table.hpp"

namespace mi2::dicomweb {
namespace {

namespace asio = net::asio;
namespace beast = net::beast;
namespace http = net::http;
namespace ssl = net::asio::ssl;
using net::error_code;
using net::into;

/// How long a request to stop may go unnoticed.
constexpr std::chrono::milliseconds kTick{100};
/// Bytes that are read at once: Beast takes no more.
constexpr std::size_t kBlock = 65536;
constexpr std::uint32_t kMostHeader = 65536;
/// Of a body that is not wanted. A longer one costs the connection.
constexpr std::size_t kMostUnwanted = 1U << 20U;
constexpr std::chrono::seconds kUnwantedTime{5};

template <typename Message>
std::string field_of(const Message& message, http::field name) {
  const auto value = message[name];
  return {value.data(), value.size()};
}

template <typename Parser>
Head head_of(const Parser& parser) {
  const auto& message = parser.get();
  Head head;
  head.status = message.result_int();
  head.content_type = field_of(message, http::field::content_type);
  head.coding = base::lower_ascii(field_of(message, http::field::content_encoding));
  head.location = field_of(message, http::field::location);
  head.counted = !parser.need_eof();
  const std::string after = field_of(message, http::field::retry_after);
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), seconds);
  if (error == std::errc() && end == after.data() + after.size()) head.retry_after = seconds;
  return head;
}

void check(const error_code& error, std::string_view what, bool started) {
  if (!error) return;
  if (error == beast::error::timeout) throw Broken("the server was silent for too long", started);
  throw Broken(std::string(what), started);
}

}  // namespace

bool is_redirect(unsigned status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_busy(unsigned status) noexcept { return status == 503 || status == 429 || status == 502 || status == 504; }

bool is_answer(unsigned status, bool any_status) noexcept {
  return status == 200 || status == 204 || (any_status && !is_redirect(status) && !is_busy(status) && status != 401);
}

Client::Connection::Connection(const net::Target& target, const ClientOptions& limits, std::stop_token stop)
    : target_(target), limits_(limits), stop_(std::move(stop)) {
  // Beast reads into the room that there is, and makes 512 bytes of it where there is none.
  buffer_.reserve(kBlock);
  if (!target_.secure) return;
  tls_.set_verify_mode(ssl::verify_peer);
  error_code error;
  if (limits_.ca_file.empty()) {
    tls_.set_default_verify_paths(error);
  } else {
    tls_.load_verify_file(limits_.ca_file.string(), error);
  }
  if (error) {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected certificates of authorities in PEM", limits_.ca_file.string()));
  }
}

void Client::Connection::close() {
  if (plain_) plain_->close();
  if (secure_) beast::get_lowest_layer(*secure_).close();
}

void Client::Connection::drop() {
  plain_.reset();
  secure_.reset();
  buffer_.clear();
}

/// On the caller's thread, which looks up now and then whether it is to stop.
void Client::Connection::run(asio::awaitable<void> work) {
  std::exception_ptr failure;
  bool done = false;
  asio::co_spawn(io_, std::move(work), [&](std::exception_ptr error) {
    failure = std::move(error);
    done = true;
  });
  while (!done) {
    io_.restart();
    io_.run_for(kTick);
    if (!done && stop_.stop_requested()) close();
  }
  if (stop_.stop_requested()) throw Stopped();
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> Client::Connection::connect() {
  error_code error;
  net::tcp::resolver resolver(io_);
  const net::tcp::resolver::results_type found =
      co_await resolver.async_resolve(target_.host, target_.port, into(error));
  if (error || found.empty()) throw Unreachable("the server's host has no address");
  beast::tcp_stream& stream = plain_.emplace(io_);
  stream.expires_after(limits_.connect);
  co_await stream.async_connect(found, into(error));
  if (error) throw Unreachable(error == beast::error::timeout ? "the server does not answer" : "nobody answers there");
  if (!target_.secure) co_return;
  secure_ = std::make_unique<Tls>(std::move(stream), tls_);
  plain_.reset();
  secure_->set_verify_callback(ssl::host_name_verification(target_.host));
  if (SSL_set_tlsext_host_name(secure_->native_handle(), target_.host.c_str()) != 1) {
    throw Unreachable("the server's name is not usable for TLS");
  }
  beast::get_lowest_layer(*secure_).expires_after(limits_.connect);
  co_await secure_->async_handshake(ssl::stream_base::client, into(error));
  if (!error) co_return;
  const std::string what = "the server has no certificate that can be trusted, or does not speak TLS; see --ca-file";
  // Whom TLS refuses, it refuses in a second too; a connection that broke may be whole then.
  if (error.category() == asio::error::get_ssl_category()) throw RunEnds(Code::kBadFile, what);
  throw Unreachable(what);
}

template <typename Stream>
asio::awaitable<void> Client::Connection::converse(Stream& stream, Exchange& exchange) {
  error_code error;
  beast::tcp_stream& lowest = beast::get_lowest_layer(stream);
  lowest.expires_after(limits_.idle);
  co_await http::async_write(stream, exchange.request, into(error));
  check(error, "the request could not be sent", false);
  http::response_parser<http::buffer_body> parser;
  parser.header_limit(kMostHeader);
  parser.body_limit(boost::none);
  lowest.expires_after(limits_.idle);
  co_await http::async_read_header(stream, buffer_, parser, into(error));
  check(error, "the server ended the connection, or its answer is no HTTP", false);
  exchange.head = head_of(parser);
  exchange.started = true;
  std::vector<char> block(kBlock);
  const bool wanted = is_answer(exchange.head.status, exchange.any_status);
  std::size_t unwanted = 0;
  lowest.expires_after(kUnwantedTime);
  while (!parser.is_done()) {
    parser.get().body().data = block.data();
    parser.get().body().size = block.size();
    if (wanted) lowest.expires_after(limits_.idle);  // of each piece: of the whole there is none
    co_await http::async_read_some(stream, buffer_, parser, into(error));
    if (error == http::error::need_buffer) error = {};
    const std::size_t got = block.size() - parser.get().body().size;
    if (wanted) {
      if (got > 0) exchange.use(exchange.head, std::string_view(block.data(), got));
    } else {
      unwanted += got;
      if (error || unwanted > kMostUnwanted) co_return;  // its status is known
    }
    // Servers that end an answer with the connection often leave TLS without a word: what came says itself if it is
    // whole.
    if (error == ssl::error::stream_truncated && !exchange.head.counted) co_return;
    check(error, "the answer ended before it was whole", true);
  }
  exchange.keep = parser.keep_alive();
}

asio::awaitable<void> Client::Connection::talk(Exchange& exchange) {
  if (secure_) {
    co_await converse(*secure_, exchange);
  } else {
    co_await converse(*plain_, exchange);
  }
}

Head Client::Connection::exchange(const HttpRequest& request, const OnPiece& use, bool any_status) {
  if (stop_.stop_requested()) throw Stopped();
  Exchange exchange{request, use, any_status};
  try {
    const bool old = connected();
    if (!old) run(connect());
    try {
      run(talk(exchange));
    } catch (const Broken&) {
      // A server may end a connection that was idle at any time: that is no failure of the request.
      if (!old || exchange.started) throw;
      drop();
      run(connect());
      run(talk(exchange));
    }
  } catch (...) {
    close();
    drop();
    throw;
  }
  if (!exchange.keep) drop();
  return exchange.head;
}

}  // namespace mi2::dicomweb
