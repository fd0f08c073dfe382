#pragma once
// Requests to the server that the operator named, one at a time over a connection that is kept.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include <mi2/error.hpp>

#include "net/target.hpp"

namespace mi2::dicomweb {

/// What ends a run: the server is not there any more, or refuses who asks; the disk is full. All else costs one object.
class RunEnds : public Error {
 public:
  using Error::Error;
};

/// What a run ends with if its server is at fault: neither a stop, nor an option, nor this machine.
class ServerFault : public Error {
 public:
  /// @param place  the message begins with it.  @param reason  is kept where others read it: it names no object.
  ServerFault(Code code, std::string_view place, std::string reason)
      : Error(code, std::string(place) + ": " + reason), reason_(std::move(reason)) {}
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

/// Thrown once a stop was requested; deliberately not a std::exception, so that no object's guard takes it for its own.
struct Stopped {};

/// When requests may begin, for all connections.
class Pace {
 public:
  /// @param per_second  requests; 0: as many as there can be.
  explicit Pace(double per_second);
  /// @throws Stopped.
  void wait(const std::stop_token& stop);

 private:
  std::chrono::nanoseconds apart_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point next_;
};

struct ClientOptions {
  std::filesystem::path ca_file;           ///< PEM; empty: the system's authorities
  std::string authorization;               ///< the value of that field; empty: none
  std::chrono::milliseconds idle{60'000};  ///< without a byte of the answer; there is no limit on all of it
  std::chrono::milliseconds connect{20'000};
  std::chrono::milliseconds longest_wait{60'000};  ///< of what Retry-After asks for
  int tries = 4;  ///< of a request that the server has no time for, or of whose answer nothing came
};

struct Request {
  std::string path;         ///< with the query, percent-encoded
  std::string accept;       ///< a media type
  std::string body{};       ///< of a POST; empty: it is a GET
  std::string body_type{};  ///< its media type
  bool any_status = false;  ///< as Client::post()
};

/// An answer, whatever the server thinks of what it was asked.
struct Answer {
  unsigned status = 0;
  std::string body;
};

/// What is known of an answer before its body.
struct Head {
  unsigned status = 0;
  std::string content_type;
  std::string coding;                        ///< Content-Encoding, in lower case
  bool counted = true;                       ///< it says where it ends: a cut is noticed
  std::optional<std::uint64_t> retry_after;  ///< seconds
  std::string location;
};

class Client {
 public:
  /// @param pace  outlives it.  @throws Error{kNotFound}, {kBadFile} for a ca_file that cannot be used.
  Client(net::Target server, ClientOptions options, Pace& pace, std::stop_token stop);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// A whole answer of status 200, unpacked; empty for 204. gzip is asked for.
  /// @throws Error{kTooLarge} for more than `max_bytes`, {kNotFound} for 404 and 410, {kOverloaded} for a server that
  /// stays busy, {kBadFile} for every other status and what is not whole; RunEnds; Stopped. Messages begin with what
  /// the server did, and hold nothing of its answer.
  std::string ask(const Request& request, std::uint64_t max_bytes);

  /// Posts a body, and hands over the answer of any status but redirects and those of a busy server. What nothing came
  /// of is sent again: it has to be the same when it is received twice.
  /// @throws as ask(), for what is no answer; RunEnds for 401; Stopped.
  Answer post(Request request, std::uint64_t max_bytes);

  /// Hands over the body of an answer of status 200 as it comes, as the server coded it: no coding is asked for.
  /// @throws as ask(); what `use` throws.
  using OnPiece = std::function<void(const Head& head, std::string_view piece)>;
  Head stream(const Request& request, const OnPiece& use);

 private:
  Answer whole(const Request& request, std::uint64_t max_bytes);
  Head perform(Request request, const OnPiece& use, std::string_view coding);
  [[nodiscard]] std::string same_origin_path(const Head& head) const;
  struct Connection;
  net::Target server_;
  ClientOptions options_;
  Pace& pace_;
  std::stop_token stop_;
  std::unique_ptr<Connection> connection_;
};

/// The value of an Authorization field from a file or an environment variable: "bearer TOKEN" or "basic NAME:PASSWORD".
/// @param from  what errors call it; they hold nothing of the text.  @throws Error{kBadFile}.
std::string authorization_of(std::string_view text, std::string_view from);

}  // namespace mi2::dicomweb
