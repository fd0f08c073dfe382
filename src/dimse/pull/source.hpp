#pragma once
// What a user names as a PACS: dimse:AET@HOST:PORT?StudyDate=..

#include <string>
#include <string_view>

#include "dicom/results/peer.hpp"
#include "dicomweb/listing.hpp"

namespace mi2::dimse {

struct PeerSource {
  dicom::results::Peer peer;
  dicomweb::Filter filter;
  std::string url;   ///< "dimse:AET@HOST:PORT": messages and the catalog call it so
  std::string root;  ///< "dimse:AET", encoded: locators of objects begin so, as those that mi2 listen receives of it
};

/// Whether a source is one, as far as its first letters say.
bool is_peer_source(std::string_view text) noexcept;

/// @throws Error{kBadArgument} naming what is wrong.
PeerSource parse_peer_source(std::string_view text);

}  // namespace mi2::dimse
