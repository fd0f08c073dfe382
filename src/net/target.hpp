#pragma once
// Where a URL leads.

#include <string>
#include <string_view>

namespace mi2::net {

struct Target {
  bool secure = false;
  std::string host;  ///< lower case; an IPv6 address without its brackets
  std::string port;  ///< the usual one if the URL names none
  std::string path;  ///< with the query, percent-encoded; begins with '/'

  [[nodiscard]] bool has_usual_port() const { return port == (secure ? "443" : "80"); }
};

/// @throws Error{kBadArgument}, which does not hold the text, for what is no http(s) URL, or has user information.
Target parse_target(std::string_view url);

/// "https://host:8443", without a port that is the usual one.
std::string origin_of(const Target& target);
/// What the Host field of a request says: "host:8443".
std::string host_of(const Target& target);

}  // namespace mi2::net
