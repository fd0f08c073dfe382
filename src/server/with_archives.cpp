#include "protocols/archives/archives.hpp"

#include "dicomweb/one_object.hpp"
#include "dicomweb/receive.hpp"
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

std::string_view accepted_objects() { return dicomweb::kStoredObjects; }

void keep_object(std::string_view content_type, std::string& body) { dicomweb::keep_object(content_type, body); }

}  // namespace mi2::server
