#pragma once
// A DICOMweb server that takes objects by STOW-RS.

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "dicom/results/receiver.hpp"
#include "dicomweb/client.hpp"

#include "net/target.hpp"

namespace mi2::dicomweb::stow {

struct Server {
  net::Target target;
  std::string path;    ///< of the server's root, without a slash at its end: "/dicom-web"
  std::string name{};  ///< what errors of sending call it; empty: its URL
};

/// "https://HOST/dicom-web". @throws Error{kBadArgument}, which does not hold the URL: it may have a password.
Server parse_server(std::string_view url);

/// Sends each object in a request of its own. A server that is not there, or refuses who asks, is not asked again.
/// Its store() also throws Stopped.
/// @throws Error as Client.
std::unique_ptr<dicom::results::Receiver> open_server(const Server& server, const ClientOptions& options,
                                                      const std::stop_token& stop);

}  // namespace mi2::dicomweb::stow
