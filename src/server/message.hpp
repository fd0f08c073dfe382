#pragma once
// Between HTTP on the wire, as Boost.Beast reads and writes it, and the requests and answers of the contracts.

#include <optional>
#include <string_view>

#include "server/net.hpp"
#include "server/options.hpp"

#include "protocols/request_plan.hpp"

namespace mi2::server {

/// An interim answer, which says nothing but that the server is there (RFC 9110, 15.2.1).
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

using Parser = http::request_parser<http::string_body>;

/// A parser that refuses what is over the operator's limits, by the header alone if that is enough.
void set_limits(Parser& parser, const Options& options);

/// The request of a header that was read; its body is empty. Its path is without the query, percent-decoded, unless it
/// has an encoded slash, which no name has; of an absolute target ("http://host/path") the path. A target that is none
/// of these has the path "".
protocols::HttpRequest request_of(const http::request_header<>& header);

/// How a client hears what is wrong with its request. `status` 0: it cannot, the connection is over.
struct Refusal {
  int status = 0;
  std::string_view code;
  std::string_view message;
};
Refusal refusal_of(const error_code& error);

/// Takes the body along. @param keep_alive  whether the connection goes on after it.
http::response<http::string_body> response_of(protocols::HttpResponse answer, unsigned version, bool keep_alive);

}  // namespace mi2::server
