#pragma once
// Images by URL: off unless the operator names hosts.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/net.hpp"
#include "server/options.hpp"

#include "protocols/request_plan.hpp"

namespace mi2::server {

/// Gets images over http and https from the hosts on the operator's list, and from addresses of the public internet
/// unless the operator says otherwise. Certificates are verified; redirects are not followed.
class Fetcher {
 public:
  explicit Fetcher(const UrlOptions& options);
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;
  ~Fetcher();

  /// Gets every image of a work that has a URL in place of bytes.
  /// @param max_bytes  of all of them.
  /// @param keep  is called with the size of each image that came; what it throws ends the work.
  /// @throws Error{kBadArgument} for a URL that is not allowed; {kBadFile} when the image cannot be got; {kTooLarge};
  ///         {kOverloaded} while images of UrlOptions::requests others are fetched.
  ///         A message names the row and the reason, not the URL.
  asio::awaitable<void> fetch(protocols::Work& work, std::uint64_t max_bytes, std::function<void(std::size_t)> keep);

 private:
  struct Target;
  asio::awaitable<std::string> get(const std::string& url, std::uint64_t max_bytes);
  asio::awaitable<tcp::resolver::results_type> resolve(const Target& target);
  [[nodiscard]] Target target_of(std::string_view url) const;

  struct Tls;
  UrlOptions options_;
  std::size_t fetching_ = 0;  ///< requests
  std::unique_ptr<Tls> tls_;
};

}  // namespace mi2::server
