#include "server/users.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/comma_list.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"

namespace mi2::server {
namespace {

constexpr std::string_view kSecretHeader = "x-mi2-proxy-secret";
constexpr std::size_t kMostGroups = 256;

/// The name of a header, in lower case: letters, digits and dashes, and none that means something else.
std::string header_name(std::string_view option, const std::string& text) {
  constexpr std::array<std::string_view, 12> kTaken{
      "accept", "api-key", "authorization",  "connection", "content-length", "content-type",
      "cookie", "host",    "sec-fetch-site", "origin",     "x-api-key",      "transfer-encoding"};
  const std::string name = base::lower_ascii(text);
  const bool plain = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!plain || name == kSecretHeader || std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end()) {
    throw Error(
        Code::kBadArgument,
        fmt::format("{}: expected the name of a header of its own, such as X-Remote-User, got '{}'", option, text));
  }
  return name;
}

std::size_t count_of(const protocols::HttpRequest& request, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(request.headers.begin(), request.headers.end(),
                                                [name](const auto& header) { return header.first == name; }));
}

/// Sorted, each once; nothing if one is no name, or there are too many.
std::optional<std::vector<std::string>> read_groups(std::string_view text, char separator) {
  std::vector<std::string> groups;
  for (const std::string_view part : base::comma_parts(text, separator)) {
    const std::string_view group = base::without_blanks(part);
    if (group.empty()) continue;
    if (!protocols::is_caller_name(group) || groups.size() == kMostGroups) return std::nullopt;
    groups.emplace_back(group);
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

char separator_of(const ProxyOptions& options) {
  const std::string& text = options.groups_separator;
  // A letter, a digit, a dash or a dot would cut most names.
  constexpr std::string_view kFit = ",;|:/!#$%&*+~^ ";
  if (text.size() != 1 || kFit.find(text.front()) == std::string_view::npos) {
    throw Error(Code::kBadArgument,
                fmt::format("--groups-separator: expected one of the characters {}, or a blank, got '{}'",
                            base::without_blanks(kFit), base::printable(text)));
  }
  if (text != "," && options.groups_header.empty()) {
    throw Error(Code::kBadArgument, "--groups-separator: expected --groups-header with it");
  }
  return text.front();
}

asio::ip::address_v6::bytes_type bytes_of(const asio::ip::address& address) {
  const asio::ip::address_v6 wide =
      address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6();
  return wide.to_bytes();
}

/// What a browser says of the page that asks; of an origin its host, "host:port".
std::string_view host_of(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

}  // namespace

Network::Network(const std::string& text) {
  const auto refuse = [&text] {
    throw Error(
        Code::kBadArgument,
        fmt::format("--trusted-proxy: expected an address or a network, such as 10.0.0.5 or 10.0.0.0/8, got '{}'",
                    text));
  };
  const std::size_t slash = text.find('/');
  error_code error;
  const asio::ip::address address = asio::ip::make_address(text.substr(0, slash), error);
  if (error || (address.is_v6() && address.to_v6().scope_id() != 0)) refuse();
  const unsigned most = address.is_v4() ? 32 : 128;
  unsigned bits = most;
  if (slash != std::string::npos) {
    const std::string_view digits = std::string_view(text).substr(slash + 1);
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (fault != std::errc() || end != digits.data() + digits.size() || bits > most) refuse();
  }
  const auto bytes = bytes_of(address);
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  bits_ = bits + (128 - most);
  all_ = bits == 0;
}

bool Network::has(const asio::ip::address& address) const {
  const auto bytes = bytes_of(address);
  const std::size_t whole = bits_ / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes_.begin())) return false;
  const unsigned rest = bits_ % 8;
  if (rest == 0) return true;
  const unsigned shift = 8 - rest;
  return (static_cast<unsigned>(bytes.at(whole)) >> shift) == (static_cast<unsigned>(bytes_.at(whole)) >> shift);
}

ProxyUsers::ProxyUsers(const ProxyOptions& options) {
  if (options.user_header.empty()) {
    if (!options.groups_header.empty() || !options.trusted.empty() || !options.secret.empty()) {
      throw Error(Code::kBadArgument,
                  "--groups-header, --trusted-proxy, --proxy-secret-file: expected --user-header with it");
    }
    return;
  }
  user_header_ = header_name("--user-header", options.user_header);
  if (!options.groups_header.empty()) {
    groups_header_ = header_name("--groups-header", options.groups_header);
    if (groups_header_ == user_header_) {
      throw Error(Code::kBadArgument, "--groups-header: expected another header than that of --user-header");
    }
  }
  groups_separator_ = separator_of(options);
  if (options.trusted.empty()) {
    throw Error(Code::kBadArgument, "--user-header: expected --trusted-proxy with it: whose header it is");
  }
  for (const std::string& text : options.trusted) trusted_.emplace_back(text);
  if (!options.secret.empty()) secret_ = KeyRing(options.secret);
  const bool all = std::any_of(trusted_.begin(), trusted_.end(), [](const Network& one) { return one.is_all(); });
  if (all && secret_.size() == 0) {
    throw Error(Code::kBadArgument,
                "--trusted-proxy: lets every address name users; expected --proxy-secret-file with it");
  }
}

Refusal ProxyUsers::read(const protocols::HttpRequest& request, const asio::ip::address& peer,
                         protocols::Caller& caller) const {
  if (!asked()) return {};
  const std::size_t users = count_of(request, user_header_);
  const std::size_t groups = groups_header_.empty() ? 0 : count_of(request, groups_header_);
  if (users + groups == 0) return {};
  if (std::none_of(trusted_.begin(), trusted_.end(), [&](const Network& one) { return one.has(peer); })) {
    return {400, "untrusted_proxy", "the request names a user and comes from no trusted proxy"};
  }
  if (secret_.size() > 0 &&
      (count_of(request, kSecretHeader) != 1 || !secret_.has(base::without_blanks(request.header(kSecretHeader))))) {
    return {401, "untrusted_proxy", "the request names a user without the proxy's secret"};
  }
  if (users != 1 || groups > 1) {
    return {400, "bad_user", "expected one header with a user, and at most one with groups"};
  }
  const std::string_view user = base::without_blanks(request.header(user_header_));
  if (!protocols::is_caller_name(user))
    return {400, "bad_user", "expected a user of 1 to 256 printable characters of ASCII"};
  std::optional<std::vector<std::string>> all = read_groups(request.header(groups_header_), groups_separator_);
  if (!all) {
    return {
        400, "bad_user",
        "expected at most 256 groups of 1 to 256 printable characters of ASCII, separated as --groups-separator says"};
  }
  if (is_cross_site(request)) {
    return {403, "cross_site", "a page of another site asks in the name of a user"};
  }
  caller.user = user;
  caller.groups = *std::move(all);
  return {};
}

bool is_cross_site(const protocols::HttpRequest& request) {
  if (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") return false;
  // Browsers say the first over TLS and on their own machine, and the second wherever the site is another one.
  const std::string_view site = request.header("sec-fetch-site");
  if (!site.empty()) return site != "same-origin" && site != "none";
  const std::string_view origin = request.header("origin");
  return !origin.empty() && base::lower_ascii(host_of(origin)) != base::lower_ascii(request.header("host"));
}

}  // namespace mi2::server
