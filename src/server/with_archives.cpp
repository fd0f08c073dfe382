#include "protocols/archives/archives.hpp"

#include "server/archives.hpp"

namespace mi2::server {

std::shared_ptr<protocols::ArchiveRoutes> open_archives(const Options& options) {
  if (options.archives.empty()) return nullptr;
  return protocols::archives::open(options.archives, options.archive_rights, !options.api_keys.empty(),
                                   options.embedder.threads);
}

}  // namespace mi2::server
