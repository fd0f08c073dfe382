#include "net/target.hpp"

#include <boost/url.hpp>

#include <mi2/error.hpp>

#include "base/table.hpp"

namespace mi2::net {

Target parse_target(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->has_userinfo()) throw Error(Code::kBadArgument, "not an http(s) URL without user information");
  const boost::urls::url_view& url = *parsed;
  Target target;
  target.secure = url.scheme() == "https";
  if (!target.secure && url.scheme() != "http") throw Error(Code::kBadArgument, "not an http(s) URL");
  target.host = base::lower_ascii(std::string(url.host_address()));
  if (target.host.empty()) throw Error(Code::kBadArgument, "not an http(s) URL with a host");
  target.port = target.secure ? "443" : "80";
  if (url.has_port() && !url.port().empty()) target.port = std::string(url.port());
  target.path = std::string(url.encoded_target());
  if (target.path.empty() || target.path.front() != '/') target.path.insert(0, 1, '/');
  return target;
}

std::string host_of(const Target& target) {
  const bool address6 = target.host.find(':') != std::string::npos;
  std::string host = address6 ? '[' + target.host + ']' : target.host;
  if (!target.has_usual_port()) host += ':' + target.port;
  return host;
}

std::string origin_of(const Target& target) { return (target.secure ? "https://" : "http://") + host_of(target); }

}  // namespace mi2::net
