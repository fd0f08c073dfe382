#include "dimse/pull/source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicomweb/source.hpp"
#include "dimse/names.hpp"

namespace mi2::dimse {
namespace {

constexpr std::string_view kScheme = "dimse:";

}  // namespace

bool is_peer_source(std::string_view text) noexcept { return text.starts_with(kScheme); }

PeerSource parse_peer_source(std::string_view text) {
  if (!is_peer_source(text)) throw Error(Code::kBadArgument, "source: expected dimse:AET@HOST:PORT");
  text.remove_prefix(kScheme.size());
  // A title may have a question mark in it.
  const std::size_t host = std::min(text.find('@'), text.size());
  const std::size_t query = std::min(text.find('?', host), text.size());
  PeerSource source;
  try {
    source.peer = dicom::results::parse_peer(text.substr(0, query));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("source: dimse: {}", error.what()));
  }
  if (query < text.size()) source.filter = dicomweb::parse_filter(text.substr(query + 1));
  source.url = fmt::format("{}{}@{}:{}", kScheme, source.peer.aet, source.peer.host, source.peer.port);
  source.root = fmt::format("{}{}", kScheme, encoded(source.peer.aet));
  return source;
}

}  // namespace mi2::dimse
