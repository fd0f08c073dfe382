#pragma once
// A DICOM application that takes objects by C-STORE.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dicom/results/receiver.hpp"

namespace mi2::dicom::results {

struct Peer {
  std::string aet;  ///< its application entity title
  std::string host;
  std::uint16_t port = 0;
};

/// "AET@HOST:PORT". @throws Error{kBadArgument} saying what is expected.
Peer parse_peer(std::string_view text);

struct StoreOptions {
  std::string own_aet = "MI2";  ///< a dicom::checked_title()
  std::chrono::seconds connecting{15};
  std::chrono::seconds answering{60};
  std::string name{};  ///< what errors call the peer; empty: AET@HOST:PORT
};

/// Connects, and offers Enhanced SR and Secondary Capture in the two uncompressed syntaxes. A connection that is lost
/// is opened once more for the next object; after that all are refused at once.
/// @throws Error{kOverloaded} if it cannot be reached or refuses the association; {kUnsupported} if it takes neither.
std::unique_ptr<Receiver> open_peer(const Peer& peer, const StoreOptions& options);

}  // namespace mi2::dicom::results
