#include "server/connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/asio/ssl.hpp>
#include <boost/beast/ssl.hpp>

#include "server/framing.hpp"
#include "server/message.hpp"

namespace mi2::server {
namespace {

using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;

/// After an answer that came before its request was read, what still arrives is thrown away for so long: closing at
/// once would reset the connection, and the client might never see the answer.
constexpr seconds kLinger{30};
constexpr seconds kLingerGap{5};
/// Read at a time while a body arrives.
constexpr std::size_t kReadSize = 64 * 1024;

template <typename Stream>
class Connection final : public Connections::Entry {
 public:
  Connection(Stream stream, const ConnectionParts& parts)
      : Entry(parts.connections), stream_(std::move(stream)), parts_(parts), buffer_(buffer_limit(parts.options)) {
    error_code gone;  // of a peer that left already: then it is no address that anybody trusts
    peer_ = plain().socket().remote_endpoint(gone).address();
  }

  asio::awaitable<void> run() {
    bool more = co_await shake_hands();
    while (more) more = co_await next_request();
    co_await say_goodbye();
  }

  void close_if_idle() override {
    error_code ignored;
    if (idle_) plain().socket().shutdown(tcp::socket::shutdown_both, ignored);
  }

 private:
  static constexpr bool kSecure = std::is_same_v<Stream, Secure>;

  static std::size_t buffer_limit(const Options& options) { return options.limits.header_bytes + kReadSize; }

  Plain& plain() { return beast::get_lowest_layer(stream_); }

  asio::awaitable<bool> shake_hands() {
    if constexpr (kSecure) {
      error_code error;
      plain().expires_after(parts_.options.timeouts.header);
      co_await stream_.async_handshake(asio::ssl::stream_base::server, into(error));
      if (error) note_loss(error);
      co_return !error;
    }
    co_return true;
  }

  /// One request and its answer. @returns whether another may follow.
  asio::awaitable<bool> next_request() {
    const bool begun = co_await wait_for_first_byte();
    if (!begun) co_return false;
    Parser parser;
    set_limits(parser, parts_.options);
    error_code error;
    std::string head;
    plain().expires_after(parts_.options.timeouts.header);
    co_await read_header(parser, head, error);
    const unsigned version = parser.get().version();
    Call call = parts_.handler.open(request_of(parser.get().base()), liveness(version), peer_);
    if (error) co_return co_await refuse_unread(call, error);
    if (const Refusal fault = framing_fault(head, parser); fault.status != 0) co_return co_await refuse(call, fault);
    std::optional<protocols::HttpResponse> early = parts_.handler.early_answer(call);
    if (early) {
      const bool more = parser.is_done() && parser.keep_alive();
      co_return co_await conclude(call, std::move(*early), version, more, !parser.is_done());
    }
    ByteBudget::Share share(parts_.budget);
    call.memory = &share;
    const bool body = co_await read_body(call, parser, share);
    if (!body) co_return false;
    const bool more = parser.keep_alive();
    call.request.body = std::move(parser.get().body());
    call.record.bytes_in = call.request.body.size();
    protocols::HttpResponse answer = co_await parts_.handler.answer(call);
    if (call.disconnected) {
      parts_.handler.close(call, kDisconnected);
      co_return false;
    }
    if (!share.grow_by(answer.body.size())) {
      answer = parts_.handler.refuse(call, Error(Code::kOverloaded, "the answers in memory are too large together"));
    }
    co_return co_await conclude(call, std::move(answer), version, more, false);
  }

  ClientLiveness liveness(unsigned version) {
    using AtEnd = ClientLiveness::AtEnd;
    const AtEnd at_end = kSecure ? AtEnd::kDisconnected : version == kHttp11 ? AtEnd::kAsk : AtEnd::kStays;
    return {plain().socket().native_handle(), at_end};
  }

  asio::awaitable<bool> wait_for_first_byte() {
    if (parts_.connections.draining()) co_return false;
    if (buffer_.size() > 0) co_return true;
    error_code error;
    idle_ = true;
    plain().expires_after(parts_.options.timeouts.idle);
    const std::size_t got = co_await stream_.async_read_some(buffer_.prepare(kFirstRead), into(error));
    idle_ = false;
    buffer_.commit(got);
    co_return !error;
  }

  /// Reads until the header is whole. @param head  gets its bytes as they came.
  asio::awaitable<void> read_header(Parser& parser, std::string& head, error_code& error) {
    bool begun = false;
    for (;;) {
      if (!begun) begun = drop_empty_line();
      if (begun) put(parser, head, error);
      if (error || parser.is_header_done()) co_return;
      const std::size_t room = std::min(kReadSize, buffer_.max_size() - buffer_.size());
      if (room == 0) error = http::error::buffer_overflow;
      if (error) co_return;
      const std::size_t got = co_await stream_.async_read_some(buffer_.prepare(room), into(error));
      buffer_.commit(got);
      if (error == asio::error::eof) {
        error = parser.got_some() ? http::error::partial_message : http::error::end_of_stream;
      }
      if (error) co_return;
    }
  }

  /// An empty line before a request means nothing (RFC 9112, 2.2). @returns false while there may be one to come.
  bool drop_empty_line() {
    constexpr std::string_view kEmptyLine = "\r\n";
    const auto bytes = buffer_.data();
    const std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
    if (text.starts_with(kEmptyLine)) buffer_.consume(kEmptyLine.size());
    return !kEmptyLine.starts_with(text);
  }

  void put(Parser& parser, std::string& head, error_code& error) {
    const auto bytes = buffer_.data();
    const std::size_t taken = parser.put(bytes, error);
    head.append(static_cast<const char*>(bytes.data()), taken);
    buffer_.consume(taken);
    if (error == http::error::need_more) error = {};
  }

  /// Reads until the message is whole. @returns false if it never will be: the call is then closed.
  asio::awaitable<bool> read_body(Call& call, Parser& parser, ByteBudget::Share& share) {
    error_code error;
    if (!parser.is_done() && buffer_.size() == 0 && parser.get().version() == kHttp11 && expects_continue(call)) {
      plain().expires_after(parts_.options.timeouts.header);
      co_await asio::async_write(stream_, asio::buffer(kContinue), into(error));
    }
    const auto start = std::chrono::steady_clock::now();
    while (!error && !parser.is_done()) {
      plain().expires_at(deadline(start, parser.get().body().size()));
      co_await http::async_read_some(stream_, buffer_, parser, into(error));
      if (!error && !share.grow_to(parser.get().body().size())) {
        forget_body(parser, share);
        protocols::HttpResponse full =
            parts_.handler.refuse(call, Error(Code::kOverloaded, "the requests in memory are too large together"));
        co_await conclude(call, std::move(full), parser.get().version(), false, true);
        co_return false;
      }
    }
    if (!error) co_return true;
    forget_body(parser, share);
    co_return co_await refuse_unread(call, error);
  }

  /// What came of a request that will not be read to its end: others may have its memory while it is refused.
  static void forget_body(Parser& parser, ByteBudget::Share& share) {
    std::string().swap(parser.get().body());
    share.give_back();
  }

  [[nodiscard]] static bool expects_continue(const Call& call) {
    return beast::iequals(call.request.header("expect"), "100-continue");
  }

  /// When a transfer that began at `start` and has moved `bytes` is too slow.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline(std::chrono::steady_clock::time_point start,
                                                               std::size_t bytes) const {
    return start + parts_.options.timeouts.body + seconds(bytes / kSlowestBytes);
  }

  /// The end of a connection whose request could not be read. @returns false.
  asio::awaitable<bool> refuse_unread(Call& call, error_code error) {
    const Refusal refusal = refusal_of(error);
    if (refusal.status != 0) co_return co_await refuse(call, refusal);
    note_loss(error);
    co_return false;
  }

  asio::awaitable<bool> refuse(Call& call, const Refusal& refusal) {
    protocols::HttpResponse answer = parts_.handler.refuse(call, refusal.status, refusal.code, refusal.message);
    co_return co_await conclude(call, std::move(answer), kHttp11, false, true);
  }

  /// Sends an answer. @param unread  the request was not read to its end. @returns whether the connection goes on.
  asio::awaitable<bool> conclude(Call& call, protocols::HttpResponse answer, unsigned version, bool keep_alive,
                                 bool unread) {
    keep_alive = keep_alive && !unread && !parts_.connections.draining();
    parts_.handler.complete(call, answer);
    http::response<http::string_body> response = response_of(std::move(answer), version, keep_alive);
    error_code error;
    co_await write(response, call.head, error);
    parts_.handler.close(call, error ? name_of(error) : std::string_view());
    parts_.trimmer.note(call.record.bytes_in + call.record.bytes_out);
    if (error) co_return false;
    if (unread) co_await linger();
    co_return keep_alive;
  }

  asio::awaitable<void> write(http::response<http::string_body>& response, bool head, error_code& error) {
    http::response_serializer<http::string_body> serializer(response);
    // Of the answer to HEAD only the header is sent, with the length that the body would have.
    serializer.split(head);
    const auto start = std::chrono::steady_clock::now();
    std::size_t sent = 0;
    while (!error && !(head ? serializer.is_header_done() : serializer.is_done())) {
      plain().expires_at(deadline(start, sent));
      sent += co_await http::async_write_some(stream_, serializer, into(error));
    }
  }

  asio::awaitable<void> linger() {
    error_code error;
    if constexpr (!kSecure) plain().socket().shutdown(tcp::socket::shutdown_send, error);
    const auto end = std::chrono::steady_clock::now() + kLinger;
    std::array<char, 4096> waste{};
    while (!error && std::chrono::steady_clock::now() < end) {
      plain().expires_after(kLingerGap);
      co_await stream_.async_read_some(asio::buffer(waste), into(error));
    }
  }

  asio::awaitable<void> say_goodbye() {
    error_code ignored;
    if constexpr (kSecure) {
      plain().expires_after(kLingerGap);
      co_await stream_.async_shutdown(into(ignored));
    }
    plain().socket().shutdown(tcp::socket::shutdown_both, ignored);
    plain().close();
  }

  static std::string_view name_of(const error_code& error) {
    return error == beast::error::timeout ? "timeout" : kDisconnected;
  }

  void note_loss(const error_code& error) { parts_.handler.lost(name_of(error)); }

  static constexpr std::size_t kFirstRead = 2048;
  static constexpr unsigned kHttp11 = 11;
  static constexpr std::string_view kDisconnected = "disconnected";

  Stream stream_;
  ConnectionParts parts_;
  beast::flat_buffer buffer_;
  asio::ip::address peer_;
  bool idle_ = false;
};

template <typename Stream>
asio::awaitable<void> serve_stream(Stream stream, ConnectionParts parts) {
  Connection<Stream> connection(std::move(stream), parts);
  co_await connection.run();
}

}  // namespace

Connections::Entry::Entry(Connections& all) : all_(all) {
  place_ = all_.entries_.insert(all_.entries_.end(), this);
  all_.metrics_.connections(all_.size());
}

Connections::Entry::~Entry() {
  all_.entries_.erase(place_);
  all_.metrics_.connections(all_.size());
  if (all_.draining_ && all_.entries_.empty()) all_.emptied_.set();
}

void Connections::drain() {
  draining_ = true;
  for (Entry* entry : entries_) entry->close_if_idle();
  if (entries_.empty()) emptied_.set();
}

asio::awaitable<void> serve_connection(tcp::socket socket, std::shared_ptr<asio::ssl::context> tls,
                                       ConnectionParts parts) {
  if (tls) {
    co_await serve_stream(Secure(Plain(std::move(socket)), *tls), parts);
  } else {
    co_await serve_stream(Plain(std::move(socket)), parts);
  }
}

}  // namespace mi2::server
