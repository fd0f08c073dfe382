#include "dicomweb/client.hpp"

#include <algorithm>
#include <span>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "dicomweb/connection.hpp"

#include "base/base64.hpp"
#include "base/blanks.hpp"
#include "base/inflate.hpp"
#include "base/table.hpp"

namespace mi2::dicomweb {
namespace {

namespace http = net::http;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kMostRedirects = 3;

void wait_until(Clock::time_point end, const std::stop_token& stop) {
  constexpr milliseconds kTick{50};
  while (Clock::now() < end) {
    if (stop.stop_requested()) throw Stopped();
    std::this_thread::sleep_for(std::min<Clock::duration>(kTick, end - Clock::now()));
  }
}

/// Before the next try, from 1.
milliseconds pause_of(int tries) { return milliseconds(1000) * (1 << std::min(tries - 1, 5)); }

[[noreturn]] void refuse_status(unsigned status, bool with_credentials) {
  if (status == 401) {
    throw RunEnds(Code::kBadFile, with_credentials ? "the server refuses the credentials (401)"
                                                   : "the server asks for credentials (401); see --credentials");
  }
  if (status == 404 || status == 410) throw Error(Code::kNotFound, fmt::format("the server answers {}", status));
  if (is_busy(status)) throw Error(Code::kOverloaded, fmt::format("the server stays busy ({})", status));
  throw Error(Code::kBadFile, fmt::format("the server answers {}", status));
}

}  // namespace

Pace::Pace(double per_second)
    : apart_(per_second > 0
                 ? std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(1 / per_second))
                 : std::chrono::nanoseconds(0)) {}

void Pace::wait(const std::stop_token& stop) {
  Clock::time_point mine;
  {
    const std::lock_guard lock(mutex_);
    mine = std::max(next_, Clock::now());
    next_ = mine + apart_;
  }
  wait_until(mine, stop);
}

Client::Client(net::Target server, ClientOptions options, Pace& pace, std::stop_token stop)
    : server_(std::move(server)),
      options_(std::move(options)),
      pace_(pace),
      stop_(std::move(stop)),
      connection_(std::make_unique<Connection>(server_, options_, stop_)) {}

Client::~Client() = default;

std::string Client::ask(const Request& request, std::uint64_t max_bytes) { return whole(request, max_bytes).body; }

Answer Client::post(Request request, std::uint64_t max_bytes) {
  request.any_status = true;
  return whole(request, max_bytes);
}

Answer Client::whole(const Request& request, std::uint64_t max_bytes) {
  std::string body;
  const Head head = perform(
      request,
      [&](const Head&, std::string_view piece) {
        if (body.size() + piece.size() > max_bytes) {
          throw Error(Code::kTooLarge, fmt::format("the answer holds more than {} bytes", max_bytes));
        }
        body += piece;
      },
      "gzip");
  if (head.coding.empty() || head.coding == "identity" || body.empty()) return {head.status, std::move(body)};
  if (head.coding != "gzip" && head.coding != "x-gzip" && head.coding != "deflate") {
    throw Error(Code::kUnsupported, "the answer has a coding that was not asked for");
  }
  try {
    return {head.status, base::inflate(body, max_bytes, "the answer")};
  } catch (const Error& error) {
    throw Error(error.code() == Code::kBadArgument ? Code::kBadFile : error.code(), error.what());
  }
}

Head Client::stream(const Request& request, const OnPiece& use) { return perform(request, use, "identity"); }

std::string Client::same_origin_path(const Head& head) const {
  const std::string& to = head.location;
  if (to.starts_with('/') && !to.starts_with("//")) return to;
  try {
    const net::Target target = net::parse_target(to);
    if (target.secure == server_.secure && target.host == server_.host && target.port == server_.port) {
      return target.path;
    }
  } catch (const Error&) {
    throw Error(Code::kBadFile, "the server redirects to what is no URL");
  }
  throw Error(Code::kBadFile, "the server redirects to another host, which is refused");
}

Head Client::perform(Request request, const OnPiece& use, std::string_view coding) {
  int redirects = 0;
  for (int tries = 1;; ++tries) {
    pace_.wait(stop_);
    Connection::HttpRequest message(request.body.empty() ? http::verb::get : http::verb::post, request.path, 11);
    message.set(http::field::host, net::host_of(server_));
    message.set(http::field::user_agent, "mi2");
    message.set(http::field::accept, request.accept);
    message.set(http::field::accept_encoding, std::string(coding));
    if (!request.body_type.empty()) message.set(http::field::content_type, request.body_type);
    if (!options_.authorization.empty()) message.set(http::field::authorization, options_.authorization);
    message.body() = request.body;
    message.prepare_payload();
    Head head;
    try {
      head = connection_->exchange(message, use, request.any_status);
    } catch (const Unreachable& error) {
      if (tries >= options_.tries) throw RunEnds(Code::kBadFile, error.what());
      wait_until(Clock::now() + pause_of(tries), stop_);
      continue;
    } catch (const Broken& error) {
      if (error.started() || tries >= options_.tries) throw;
      wait_until(Clock::now() + pause_of(tries), stop_);
      continue;
    }
    if (is_answer(head.status, request.any_status)) return head;
    if (is_redirect(head.status)) {
      if (++redirects > kMostRedirects) throw Error(Code::kBadFile, "the server redirects in a circle");
      request.path = same_origin_path(head);
      --tries;
      continue;
    }
    if (!is_busy(head.status) || tries >= options_.tries) refuse_status(head.status, !options_.authorization.empty());
    const auto most = static_cast<std::uint64_t>(options_.longest_wait.count() / 1000);
    const milliseconds asked =
        head.retry_after ? milliseconds(1000 * std::min(*head.retry_after, most)) : pause_of(tries);
    wait_until(Clock::now() + asked, stop_);
  }
}

std::string authorization_of(std::string_view text, std::string_view from) {
  const std::string_view line = base::without_blanks(text, " \t\r\n");
  const std::size_t blank = line.find_first_of(" \t");
  const std::string scheme = base::lower_ascii(line.substr(0, blank));
  const std::string_view secret =
      blank == std::string_view::npos ? std::string_view() : base::without_blanks(line.substr(blank));
  const bool printable =
      std::all_of(secret.begin(), secret.end(), [](char c) { return c > ' ' && c < '\x7f'; }) && !secret.empty();
  if (scheme == "bearer" && printable) return "Bearer " + std::string(secret);
  const bool one_line = secret.find_first_of("\r\n") == std::string_view::npos;
  if (scheme == "basic" && one_line && secret.find(':') != std::string_view::npos) {
    return "Basic " + base::base64_encode(std::as_bytes(std::span(secret)));
  }
  throw Error(Code::kBadFile, fmt::format("{}: expected 'bearer TOKEN' or 'basic NAME:PASSWORD' on one line", from));
}

}  // namespace mi2::dicomweb
