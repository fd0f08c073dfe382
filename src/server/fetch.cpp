#include "server/fetch.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/ssl.hpp>
#include <boost/beast/ssl.hpp>

#include "server/address.hpp"
#include "server/archives.hpp"

#include "base/table.hpp"

namespace mi2::server {
namespace {

namespace ssl = asio::ssl;

/// All images of a request may take as long as this many that are at their own limit.
constexpr int kRequestTimeouts = 6;

constexpr const char* kStopping = "the server is stopping";

[[noreturn]] void fail(std::string_view reason) {
  throw Error(Code::kBadFile, fmt::format("its URL cannot be read: {}", reason));
}

void check(const error_code& error, std::string_view what) {
  if (error == beast::error::timeout) fail("it takes too long");
  if (error == http::error::body_limit) throw Error(Code::kTooLarge, "its URL holds more bytes than is allowed");
  if (error) fail(what);
}

/// Has one more in a list while it lives.
class Listed {
 public:
  Listed(std::list<Fetch*>& list, Fetch& fetch) : list_(list), place_(list.insert(list.end(), &fetch)) {}
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;
  ~Listed() { list_.erase(place_); }

 private:
  std::list<Fetch*>& list_;
  std::list<Fetch*>::iterator place_;
};

/// A name that is being looked up. The system's look-up cannot be ended: who gives it up leaves it to finish alone.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}
  tcp::resolver resolver;
  Event done;
  error_code error;
  tcp::resolver::results_type found;
};

using Response = http::response_parser<http::string_body>;

/// Sends the request and reads the answer, on a connected stream.
template <typename Stream>
asio::awaitable<void> converse(Stream& stream, http::request<http::empty_body>& request, Response& response) {
  error_code error;
  co_await http::async_write(stream, request, into(error));
  check(error, "sending failed");
  beast::flat_buffer buffer;
  co_await http::async_read(stream, buffer, response, into(error));
  check(error, "the host's answer is not whole");
}

}  // namespace

struct Fetcher::Tls {
  ssl::context context{ssl::context::tls_client};
};

Fetcher::Fetcher(const UrlOptions& options) : options_(options), tls_(std::make_unique<Tls>()) {
  for (std::string& host : options_.hosts) host = base::lower_ascii(host);
  tls_->context.set_default_verify_paths();
  tls_->context.set_verify_mode(ssl::verify_peer);
}

Fetcher::~Fetcher() = default;

net::Target Fetcher::target_of(std::string_view text) const {
  net::Target target = net::parse_target(text);
  const auto listed = [this](const std::string& name) {
    return std::find(options_.hosts.begin(), options_.hosts.end(), name) != options_.hosts.end();
  };
  if (!(target.has_usual_port() && listed(target.host)) && !listed(fmt::format("{}:{}", target.host, target.port))) {
    throw Error(Code::kBadArgument, "its URL's host and port are not on the operator's list");
  }
  return target;
}

/// Every address must do: one that does not is a name that points where it should not.
asio::awaitable<tcp::resolver::results_type> Fetcher::resolve(const net::Target& target, Fetch& fetch) {
  const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  lookup->resolver.async_resolve(target.host, target.port,
                                 [lookup](const error_code& error, tcp::resolver::results_type found) {
                                   lookup->error = error;
                                   lookup->found = std::move(found);
                                   lookup->done.set();
                                 });
  const Fetch::Waiting waiting(fetch, [lookup] { lookup->done.set(); });
  if (!co_await lookup->done.wait_for(options_.timeout)) lookup->error = beast::error::timeout;
  lookup->resolver.cancel();
  check(lookup->error, "its host has no address");
  const tcp::resolver::results_type found = std::move(lookup->found);
  if (found.empty()) fail("its host has no address");
  if (!options_.allow_private && !std::all_of(found.begin(), found.end(), [](const auto& entry) {
        return is_public(entry.endpoint().address());
      })) {
    throw Error(Code::kBadArgument, "its URL's host has an address that is not public");
  }
  co_return found;
}

asio::awaitable<Fetcher::Answer> Fetcher::get(const protocols::ImageItem& item, std::uint64_t max_bytes, Fetch& fetch) {
  const net::Target target = target_of(item.url);
  const tcp::resolver::results_type addresses = co_await resolve(target, fetch);
  error_code error;
  beast::tcp_stream plain(co_await asio::this_coro::executor);
  // Closed, not cancelled: a connect that is cancelled goes on to the next address.
  const Fetch::Waiting waiting(fetch, [&plain] { plain.close(); });
  plain.expires_after(options_.timeout);
  co_await plain.async_connect(addresses, into(error));
  check(error, "its host does not answer");
  http::request<http::empty_body> request(http::verb::get, target.path, 11);
  request.set(http::field::host, fmt::format("{}:{}", target.host, target.port));
  request.set(http::field::connection, "close");
  if (item.dicomweb) request.set(http::field::accept, std::string(accepted_objects()));
  Response response;
  response.body_limit(max_bytes);
  if (target.secure) {
    beast::ssl_stream<beast::tcp_stream> secure(std::move(plain), tls_->context);
    const Fetch::Waiting waiting_securely(fetch, [&secure] { beast::get_lowest_layer(secure).close(); });
    secure.set_verify_callback(ssl::host_name_verification(target.host));
    if (SSL_set_tlsext_host_name(secure.native_handle(), target.host.c_str()) != 1)
      fail("its host's name is not usable");
    co_await secure.async_handshake(ssl::stream_base::client, into(error));
    check(error, "its host has no certificate that can be trusted");
    co_await converse(secure, request, response);
  } else {
    co_await converse(plain, request, response);
  }
  const unsigned status = response.get().result_int();
  if (status != 200) fail(fmt::format("its host answers {}", status));
  Answer answer;
  answer.content_type = std::string(response.get()[http::field::content_type]);
  answer.body = std::move(response.get().body());
  co_return answer;
}

asio::awaitable<void> Fetcher::fetch(protocols::Work& work, std::uint64_t max_bytes,
                                     std::function<void(std::size_t)> keep, Fetch& fetch) {
  if (stopping_) fetch.abandon();
  if (fetching_.size() >= options_.requests) {
    throw Error(Code::kOverloaded, fmt::format("the images of {} requests are being fetched", fetching_.size()));
  }
  const Listed listed(fetching_, fetch);
  const auto end = std::chrono::steady_clock::now() + kRequestTimeouts * options_.timeout;
  for (protocols::ImageItem& item : work.images) {
    if (item.url.empty()) continue;
    if (fetch.abandoned()) throw Error(Code::kOverloaded, kStopping);
    try {
      if (std::chrono::steady_clock::now() > end) fail("those before it took too long");
      Answer answer = co_await get(item, std::min(max_bytes, options_.max_bytes), fetch);
      keep(answer.body.capacity());  // of a body without a length it may be twice the size
      item.bytes = std::move(answer.body);
      item.content_type = std::move(answer.content_type);
    } catch (const Error& error) {
      if (fetch.abandoned()) throw Error(Code::kOverloaded, kStopping);
      throw Error(error.code(), fmt::format("{}: {}", item.name, error.what()));
    }
    max_bytes -= item.bytes.size();
  }
}

void Fetcher::stop() {
  stopping_ = true;
  for (Fetch* fetch : fetching_) fetch->abandon();
}

bool has_answers(const protocols::Work& work) {
  return std::any_of(work.images.begin(), work.images.end(),
                     [](const auto& item) { return item.dicomweb || static_cast<bool>(item.see); });
}

void take_files(protocols::Work& work) {
  for (protocols::ImageItem& item : work.images) {
    if (item.dicomweb) {
      try {
        keep_object(item.content_type, item.bytes);
      } catch (const Error& error) {
        throw Error(Code::kBadFile, fmt::format("{}: its URL cannot be read: {}", item.name, error.what()));
      }
    }
    if (item.see) item.see(std::as_bytes(std::span(item.bytes)));
  }
}

}  // namespace mi2::server
