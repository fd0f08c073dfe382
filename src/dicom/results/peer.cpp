#include "dicom/results/peer.hpp"

#include <charconv>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/utf8.hpp"
#include "dicom/names.hpp"

namespace mi2::dicom::results {

Peer parse_peer(std::string_view text) {
  const auto bad = [&] {
    return Error(Code::kBadArgument, fmt::format("expected AET@HOST:PORT, got '{}'", base::printable(text)));
  };
  const std::size_t at = text.find('@');
  const std::size_t colon = text.rfind(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon < at) throw bad();
  Peer peer{std::string(text.substr(0, at)), std::string(text.substr(at + 1, colon - at - 1)), 0};
  const std::string_view port = text.substr(colon + 1);
  const auto read = std::from_chars(port.data(), port.data() + port.size(), peer.port);
  const bool number = read.ec == std::errc() && read.ptr == port.data() + port.size();
  // A colon would be of an address of IPv6, which DCMTK's requestor does not take.
  if (!number || peer.port == 0 || peer.host.empty() || peer.host.find_first_of(" @:") != std::string::npos)
    throw bad();
  peer.aet = checked_title(peer.aet, "AET@HOST:PORT");
  return peer;
}

}  // namespace mi2::dicom::results
