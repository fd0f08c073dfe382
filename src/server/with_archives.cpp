#include "protocols/archives/archives.hpp"

#include "server/archives.hpp"
#include "server/destinations.hpp"

namespace mi2::server {

std::shared_ptr<protocols::ArchiveRoutes> open_archives(const Options& options) {
  if (options.archives.empty()) return nullptr;
  const protocols::archives::Admission admission{!options.api_keys.empty(), !options.proxy.user_header.empty(),
                                                 !options.proxy.groups_header.empty()};
  return protocols::archives::open(options.archives, options.archive_rights, admission, options.embedder.threads,
                                   options.archive_adding, destinations_of(options.push), options.audit);
}

}  // namespace mi2::server
