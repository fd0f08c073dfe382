#include "server/destinations.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "dicom/names.hpp"
#include "dicom/results/peer.hpp"
#include "dicomweb/client.hpp"
#include "dicomweb/stow/object_reader.hpp"
#include "dicomweb/stow/stow.hpp"

namespace mi2::server {
namespace {

namespace results = dicom::results;
namespace stow = dicomweb::stow;
using protocols::archives::Destination;

constexpr std::string_view kDimse = "dimse:";
constexpr std::string_view kStow = "stow:";

/// A client waits for each of them.
constexpr std::chrono::seconds kConnecting{10};
constexpr std::chrono::seconds kAnswering{20};

Error push_ended() { return {Code::kOverloaded, "stopped: the time for one push is over, or the client left"}; }

/// A stop as an Error.
class Receiver final : public results::Receiver {
 public:
  Receiver(const stow::Server& server, const dicomweb::ClientOptions& options, const std::stop_token& stop)
      : receiver_(stow::open_server(server, options, stop)) {}

  results::Taken store(const results::ResultObject& object) override {
    try {
      return receiver_->store(object);
    } catch (const dicomweb::Stopped&) {
      throw push_ended();
    }
  }

 private:
  std::unique_ptr<results::Receiver> receiver_;
};

Destination dimse_destination(std::string name, std::string_view where, const std::string& own_aet) {
  results::StoreOptions options;
  options.own_aet = own_aet;
  options.connecting = kConnecting;
  options.answering = kAnswering;
  options.name = name;  // where it is, clients are not told
  Destination destination;
  destination.name = std::move(name);
  destination.open = [peer = results::parse_peer(where), options](const std::stop_token&) {
    return results::open_peer(peer, options);
  };
  return destination;
}

dicomweb::ClientOptions client_options(const PushSpec& spec, const std::filesystem::path& ca_file) {
  constexpr std::uint64_t kMost = 65536;
  dicomweb::ClientOptions options;
  options.ca_file = ca_file;
  options.connect = kConnecting;
  options.idle = kAnswering;
  options.longest_wait = kConnecting;
  options.tries = 2;
  if (!spec.credentials.empty()) {
    options.authorization =
        dicomweb::authorization_of(base::read_text_file(spec.credentials, kMost), spec.credentials.string());
  }
  return options;
}

Destination stow_destination(const PushSpec& spec, std::string_view where, const std::filesystem::path& ca_file) {
  stow::Server server = stow::parse_server(where);
  server.name = spec.name;
  const dicomweb::ClientOptions options = client_options(spec, ca_file);
  static_cast<void>(stow::open_server(server, options, {}));  // says now what is wrong with the authorities
  Destination destination;
  destination.name = spec.name;
  destination.open = [server, options](const std::stop_token& stop) {
    return std::make_unique<Receiver>(server, options, stop);
  };
  destination.reader = [server, options](const std::stop_token& stop) {
    const auto reader = std::make_shared<stow::ObjectReader>(server, options, stop);
    return [reader](const std::string& locator) -> std::optional<std::vector<std::byte>> {
      try {
        return reader->read(locator);
      } catch (const dicomweb::Stopped&) {
        throw push_ended();
      }
    };
  };
  return destination;
}

Destination destination_of(const PushSpec& spec, const PushOptions& options) {
  const std::string_view where = spec.where;
  if (where.starts_with(kStow)) return stow_destination(spec, where.substr(kStow.size()), options.ca_file);
  if (!where.starts_with(kDimse)) throw Error(Code::kBadArgument, "expected dimse:AET@HOST:PORT or stow:URL");
  if (!spec.credentials.empty()) {
    throw Error(Code::kBadArgument, "expected no credentials: C-STORE has none");
  }
  return dimse_destination(spec.name, where.substr(kDimse.size()), options.own_aet);
}

}  // namespace

std::vector<Destination> destinations_of(const PushOptions& options) {
  PushOptions checked = options;
  checked.own_aet = dicom::checked_title(options.own_aet, "--push-aet");
  std::vector<Destination> destinations;
  for (const PushSpec& spec : checked.targets) {
    try {
      destinations.push_back(destination_of(spec, checked));
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("--push-to {}: {}", spec.name, error.what()));
    }
  }
  return destinations;
}

}  // namespace mi2::server
