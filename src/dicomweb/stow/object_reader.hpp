#pragma once
// Objects of a server that results are sent to, by WADO-RS: what says whose a study is, where the archive has no file.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <mi2/error.hpp>

#include "dicomweb/client.hpp"
#include "dicomweb/stow/stow.hpp"

namespace mi2::dicomweb::stow {

/// Of one object, in memory.
inline constexpr std::uint64_t kMostObject = 512ULL << 20U;

class ObjectReader {
 public:
  /// @throws Error as Client.
  ObjectReader(const Server& server, const ClientOptions& options, const std::stop_token& stop);

  /// @param locator  as an archive has it. Objects of another server are not asked for: it would get the credentials of
  ///                 this one.
  /// @returns nothing for what is not of this server, or no object.
  /// @throws Error as Client::stream(); {kBadFile} for an answer without an object; {kTooLarge}; Stopped.
  std::optional<std::vector<std::byte>> read(const std::string& locator);

 private:
  std::string root_;    ///< "dicomweb:https://host/dicom-web/": locators of its objects begin so
  std::string origin_;  ///< "dicomweb:https://host"
  Pace pace_{0};
  Client client_;
  std::optional<Error> gone_;  ///< why nothing more is asked for
};

}  // namespace mi2::dicomweb::stow
