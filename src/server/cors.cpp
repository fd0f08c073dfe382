#include "server/cors.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::server {
namespace {

bool is_origin(std::string_view text) {
  const auto plain = [](char c) { return c > 0x20 && c < 0x7F && c != '/' && c != ',' && c != '"'; };
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) {
      const std::string_view rest = text.substr(scheme.size());
      return !rest.empty() && std::all_of(rest.begin(), rest.end(), plain);
    }
  }
  return false;
}

/// Of the headers a page wants to send, those by which OpenAI's clients describe themselves, with commas before them.
std::string names_of_clients(std::string_view wanted) {
  constexpr std::size_t kMost = 32;
  constexpr std::string_view kPrefix = "x-stainless-";
  std::string list;
  std::size_t count = 0;
  while (!wanted.empty()) {
    std::string name(wanted.substr(0, wanted.find(',')));
    wanted.remove_prefix(std::min(name.size() + 1, wanted.size()));
    std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (name.starts_with(kPrefix) && std::ranges::all_of(name, plain) && ++count <= kMost) list += ", " + name;
  }
  return list;
}

}  // namespace

Cors::Cors(const std::vector<std::string>& origins) {
  for (const std::string& origin : origins) {
    if (origin == "*") {
      all_ = true;
    } else if (is_origin(origin)) {
      origins_.push_back(origin);
    } else {
      throw Error(Code::kBadArgument,
                  fmt::format("CORS origin: expected https://host, https://host:port or *, got '{}'", origin));
    }
  }
}

bool Cors::listed(std::string_view origin) const {
  return !origin.empty() && (all_ || std::find(origins_.begin(), origins_.end(), origin) != origins_.end());
}

std::optional<protocols::HttpResponse> Cors::preflight(const protocols::HttpRequest& request) const {
  if (request.method != "OPTIONS" || request.header("access-control-request-method").empty() ||
      !listed(request.header("origin"))) {
    return std::nullopt;
  }
  protocols::HttpResponse answer{204, "", {}, ""};
  answer.headers = {{"access-control-allow-methods", "GET, POST, DELETE"},
                    {"access-control-allow-headers",
                     fmt::format("authorization, api-key, x-api-key, content-type, content-encoding, x-request-id, "
                                 "x-ms-client-request-id, azureml-model-deployment, traceparent{}",
                                 names_of_clients(request.header("access-control-request-headers")))},
                    {"access-control-max-age", "600"}};
  return answer;
}

void Cors::allow(std::string_view origin, protocols::HttpResponse& answer) const {
  if (!origins_.empty()) answer.headers.emplace_back("vary", "Origin");
  if (!listed(origin)) return;
  answer.headers.emplace_back("access-control-allow-origin", all_ ? std::string_view("*") : origin);
  answer.headers.emplace_back(
      "access-control-expose-headers",
      "retry-after, traceparent, x-mi2-profile, x-mi2-warnings, x-ms-client-request-id, x-ms-request-id, "
      "x-ms-run-fn-exec-ms, x-request-id");
}

}  // namespace mi2::server
