#pragma once
// Users, as a reverse proxy in front of the server names them in a header. Whoever may write that header is whoever
// they like, so it is believed from the proxy alone.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "protocols/caller.hpp"
#include "protocols/request_plan.hpp"
#include "server/keys.hpp"
#include "server/message.hpp"
#include "server/net.hpp"
#include "server/options.hpp"

namespace mi2::server {

/// An address, or all that begin alike.
class Network {
 public:
  /// @param text  "10.0.0.5", "10.0.0.0/8", "fd00::/8". @throws Error{kBadArgument}.
  explicit Network(const std::string& text);

  /// An IPv4 address in the form of IPv6 is the same address.
  [[nodiscard]] bool has(const asio::ip::address& address) const;
  /// Whether it is all addresses there are.
  [[nodiscard]] bool is_all() const noexcept { return all_; }

 private:
  std::array<std::uint8_t, 16> bytes_{};
  unsigned bits_ = 0;
  bool all_ = false;
};

class ProxyUsers {
 public:
  /// Nobody is named.
  ProxyUsers() = default;
  /// @throws Error{kBadArgument} naming the option; as KeyRing() of the file with the proxy's secret.
  explicit ProxyUsers(const ProxyOptions& options);

  /// Whether a proxy says who asks.
  [[nodiscard]] bool asked() const noexcept { return !user_header_.empty(); }
  /// @param peer    where the request came from.
  /// @param caller  gets the user and the groups that a request names; stays as it is if it names none.
  /// @returns a refusal with 400, 401 or 403 of a request that names somebody without being believed; status 0: none.
  Refusal read(const protocols::HttpRequest& request, const asio::ip::address& peer, protocols::Caller& caller) const;

 private:
  std::string user_header_;
  std::string groups_header_;
  char groups_separator_ = ',';
  std::vector<Network> trusted_;
  KeyRing secret_;
};

/// Whether a page of another site may have sent a request. A browser adds what the proxy takes for the user, such as a
/// cookie, to the forms of any page. GET and HEAD change nothing, and other sites cannot read their answers.
[[nodiscard]] bool is_cross_site(const protocols::HttpRequest& request);

}  // namespace mi2::server
