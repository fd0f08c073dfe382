#pragma once
// Which pages of other origins may ask (https://fetch.spec.whatwg.org/#http-cors-protocol).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/request_plan.hpp"

namespace mi2::server {

class Cors {
 public:
  /// @param origins  "https://host[:port]" each, or "*" for all; empty: none.
  /// @throws Error{kBadArgument} for what is not an origin.
  explicit Cors(const std::vector<std::string>& origins);

  /// The 204 of a preflight request; nothing if the request is not one or its origin is not on the list.
  [[nodiscard]] std::optional<protocols::HttpResponse> preflight(const protocols::HttpRequest& request) const;
  /// Adds what lets the page read the answer, if its origin is on the list.
  void allow(std::string_view origin, protocols::HttpResponse& answer) const;

 private:
  [[nodiscard]] bool listed(std::string_view origin) const;
  std::vector<std::string> origins_;
  bool all_ = false;
};

}  // namespace mi2::server
