#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "protocols/routes.hpp"

namespace mi2::protocols {
namespace {

constexpr std::size_t kLongest = 100;
constexpr std::array<std::string_view, 3> kIdHeaders{"x-request-id", "x-ms-request-id", "x-ms-client-request-id"};

/// The header if it may be repeated in a log and in an answer.
std::string id_header(const HttpRequest& request, std::string_view name) {
  const std::string_view id = request.header(name);
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  return plain && id.size() <= kLongest ? std::string(id) : std::string{};
}

}  // namespace

RequestIds request_ids(const HttpRequest& request, std::string_view fresh) {
  RequestIds ids{id_header(request, kIdHeaders[0]), id_header(request, kIdHeaders[1]),
                 id_header(request, kIdHeaders[2])};
  if (ids.request.empty()) ids.request = fresh;
  // The two x-ms- headers stand in for each other; without both, the request's own id is the older one's value.
  if (ids.legacy.empty()) {
    ids.legacy = ids.client.empty() ? ids.request : ids.client;
  } else if (ids.client.empty()) {
    ids.client = ids.legacy;
  }
  return ids;
}

std::optional<HttpResponse> refuse_headers(const Route* route, const HttpRequest& request) {
  for (const std::string_view name : kIdHeaders) {
    if (request.header(name).size() <= kLongest) continue;
    HttpResponse answer =
        refusal(route, 431, "too_large", fmt::format("{} must not exceed {} characters", name, kLongest));
    answer.outcome = "header_too_large";
    return answer;
  }
  return std::nullopt;
}

void add_id_headers(HttpResponse& answer, const RequestIds& ids, double milliseconds) {
  answer.headers.emplace_back("x-request-id", ids.request);
  answer.headers.emplace_back("x-ms-request-id", ids.legacy);
  if (!ids.client.empty()) answer.headers.emplace_back("x-ms-client-request-id", ids.client);
  answer.headers.emplace_back("x-ms-run-fn-exec-ms", fmt::format("{:.3f}", milliseconds));
}

}  // namespace mi2::protocols
