// Any bytes as what a client sends on a connection: the parser with the server's limits, then everything that is done
// with a header: path, route, ids, credentials, users, CORS. What is accepted keeps the limits.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "server/cors.hpp"
#include "server/framing.hpp"
#include "server/keys.hpp"
#include "server/message.hpp"
#include "server/users.hpp"

#include "protocols/routes.hpp"

namespace {

using namespace mi2;

constexpr std::size_t kHeaderLimit = 512;
constexpr std::size_t kBodyLimit = 256;

/// Whom a proxy names: nobody, a refusal, or what a file of rights can name.
void use_user(const protocols::HttpRequest& request) {
  static const server::ProxyUsers users({"X-Remote-User", "X-Remote-Groups", {"10.0.0.0/8"}, {}});
  for (const char* peer : {"10.1.2.3", "192.168.0.1"}) {
    protocols::Caller caller;
    const int status = users.read(request, server::asio::ip::make_address(peer), caller).status;
    if (status != 0 && (status < 400 || status > 403)) std::abort();
    if (status != 0 && !caller.user.empty()) std::abort();
    if (peer[1] == '9' && !caller.user.empty()) std::abort();
    const protocols::Caller again = protocols::parse_caller(protocols::to_text(caller));
    if (again.user != caller.user || again.groups != caller.groups) std::abort();
  }
}

/// A request whose end is clear.
void use(const server::Parser& parser) {
  if (parser.get().count(server::http::field::transfer_encoding) > 0 && !parser.chunked()) std::abort();
  const server::Cors cors({"https://viewer.example"});
  const protocols::HttpRequest request = server::request_of(parser.get().base());
  const protocols::Match found = protocols::match(request);
  if ((found.route == nullptr) != found.refusal.has_value()) std::abort();
  const protocols::RequestIds ids = protocols::request_ids(request, "fresh");
  for (const std::string* id : {&ids.request, &ids.legacy, &ids.client}) {
    if (id->size() > 100 || std::any_of(id->begin(), id->end(), [](char c) { return c < 0x20 || c > 0x7E; }))
      std::abort();
  }
  protocols::HttpResponse answer =
      protocols::refuse_headers(found.route, request).value_or(found.refusal.value_or(protocols::HttpResponse{}));
  if (const auto preflight = cors.preflight(request)) answer = *preflight;
  cors.allow(request.header("origin"), answer);
  protocols::add_id_headers(answer, ids, 1.0);
  if (!server::KeyRing().admits(request)) std::abort();
  use_user(request);
  const auto response = server::response_of(std::move(answer), 11, true);
  for (const auto& field : response) {
    if (field.value().find_first_of("\r\n") != std::string_view::npos) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  server::Options options;
  options.limits.header_bytes = kHeaderLimit;
  options.limits.body_bytes = kBodyLimit;
  server::Parser parser;
  server::set_limits(parser, options);
  server::error_code error;
  std::string head;
  std::size_t begin = 0;
  // Two pieces, as a network may cut them.
  for (const std::size_t end : {size / 2, size}) {
    while (!error && begin < end && !parser.is_done()) {
      const bool in_header = !parser.is_header_done();
      const std::size_t taken = parser.put(server::asio::buffer(data + begin, end - begin), error);
      if (taken == 0) break;
      if (in_header) head.append(reinterpret_cast<const char*>(data) + begin, taken);
      begin += taken;
    }
    if (error == server::http::error::need_more) error = {};
  }
  if (error) {
    const int status = server::refusal_of(error).status;
    if (status != 0 && (status < 400 || status > 499)) std::abort();
    return 0;
  }
  if (parser.is_header_done() && server::framing_fault(head, parser).status == 0) use(parser);
  if (parser.get().body().size() > kBodyLimit) std::abort();
  return 0;
}
