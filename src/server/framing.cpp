#include "server/framing.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>

#include "base/blanks.hpp"

namespace mi2::server {
namespace {

using Header = http::request_header<>;

constexpr unsigned kHttp11 = 11;

constexpr Refusal malformed(std::string_view message) { return {400, "malformed", message}; }

/// Every value of a field, in order.
std::vector<std::string_view> values_of(const Header& header, http::field name) {
  std::vector<std::string_view> values;
  const auto [begin, end] = header.equal_range(name);
  for (auto field = begin; field != end; ++field) values.emplace_back(field->value().data(), field->value().size());
  return values;
}

/// The members of a field that is a list (RFC 9110, 5.6.1), empty ones left out.
std::vector<std::string_view> members_of(const std::vector<std::string_view>& values) {
  std::vector<std::string_view> members;
  for (std::string_view rest : values) {
    while (!rest.empty()) {
      const std::string_view member = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(member.size() + 1, rest.size()));
      if (!base::without_blanks(member).empty()) members.push_back(base::without_blanks(member));
    }
  }
  return members;
}

Refusal host_fault(const Header& header) {
  const std::vector<std::string_view> hosts = values_of(header, http::field::host);
  if (hosts.size() > 1) return malformed("Host: expected one");
  if (hosts.empty()) return header.version() < kHttp11 ? Refusal{} : malformed("Host: is missing");
  if (hosts.front().empty()) return {};
  const auto host = boost::urls::parse_authority(hosts.front());
  return host && !host->has_userinfo() ? Refusal{} : malformed("Host: expected a host or host:port");
}

Refusal length_fault(const std::vector<std::string_view>& lengths) {
  if (lengths.empty()) return {};
  const std::string_view length = lengths.front();
  const bool number = !length.empty() && std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; });
  return lengths.size() == 1 && number ? Refusal{} : malformed("Content-Length: expected one whole number");
}

Refusal transfer_fault(const Header& header, const Parser& parser) {
  const std::vector<std::string_view> fields = values_of(header, http::field::transfer_encoding);
  if (fields.empty()) return {};
  if (header.version() < kHttp11) return malformed("Transfer-Encoding: not in a request of HTTP/1.0");
  if (header.count(http::field::content_length) > 0) {
    return malformed("Transfer-Encoding and Content-Length: expected one of them");
  }
  const std::vector<std::string_view> codings = members_of(fields);
  const auto chunked = [](std::string_view coding) { return beast::iequals(coding, "chunked"); };
  if (codings.empty() || !chunked(codings.back()) || std::ranges::count_if(codings, chunked) > 1) {
    return malformed("Transfer-Encoding: expected chunked, once, as the last coding");
  }
  if (codings.size() > 1) return {501, "not_implemented", "Transfer-Encoding: no coding but chunked is read"};
  // Whatever else sets the parser apart from this reading of the field, it must not decide where the body ends.
  return parser.chunked() ? Refusal{} : malformed("Transfer-Encoding: expected chunked");
}

}  // namespace

Refusal framing_fault(std::string_view head, const Parser& parser) {
  const Header& header = parser.get().base();
  if (head.find("\n ") != std::string_view::npos || head.find("\n\t") != std::string_view::npos) {
    return malformed("a header's line is folded");
  }
  for (const Refusal& fault : {transfer_fault(header, parser),
                               length_fault(values_of(header, http::field::content_length)), host_fault(header)}) {
    if (fault.status != 0) return fault;
  }
  return {};
}

}  // namespace mi2::server
