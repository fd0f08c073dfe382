#include "server/message.hpp"

#include <cctype>
#include <string>
#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace mi2::server {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

}  // namespace

void set_limits(Parser& parser, const Options& options) {
  parser.header_limit(options.limits.header_bytes);
  parser.body_limit(options.limits.body_bytes);
}

protocols::HttpRequest request_of(const http::request_header<>& header) {
  protocols::HttpRequest request;
  request.method = std::string(header.method_string());
  auto url = boost::urls::parse_origin_form(header.target());
  if (!url) url = boost::urls::parse_uri(header.target());
  if (url) {
    request.path = url->path();
    request.query = std::string(url->encoded_query());
    if (request.path.empty()) request.path.push_back('/');
    // A slash inside a segment separates none: whoever stands before the server must see the same path.
    const std::string encoded(url->encoded_path());
    if (lower(encoded).find("%2f") != std::string::npos) request.path = encoded;
  } else if (header.target() == "*") {
    request.path = header.target();
  }
  for (const auto& field : header) request.headers.emplace_back(lower(field.name_string()), std::string(field.value()));
  return request;
}

Refusal refusal_of(const error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return {431, "header_too_large", "the request's header is too large"};
  }
  if (error == http::error::body_limit) return {413, "too_large", "the request's body is too large"};
  if (error == http::error::end_of_stream || error == http::error::partial_message) return {};
  if (error.category() == make_error_code(http::error::bad_method).category()) {
    return {400, "malformed", "the request is not HTTP/1.1"};
  }
  return {};
}

http::response<http::string_body> response_of(protocols::HttpResponse answer, unsigned version, bool keep_alive) {
  http::response<http::string_body> response;
  response.version(version);
  response.result(static_cast<unsigned>(answer.status));
  if (!answer.content_type.empty()) response.set(http::field::content_type, answer.content_type);
  for (const auto& [name, value] : answer.headers) response.insert(name, value);
  response.keep_alive(keep_alive);
  response.body() = std::move(answer.body);
  // Neither has a body; a length would be that of what was not sent.
  if (answer.status != 204 && answer.status != 304) response.content_length(response.body().size());
  return response;
}

}  // namespace mi2::server
