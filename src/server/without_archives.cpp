#include <mi2/error.hpp>

#include "server/archives.hpp"

namespace mi2::server {

std::shared_ptr<protocols::ArchiveRoutes> open_archives(const Options& options) {
  if (options.archives.empty()) return nullptr;
  throw Error(Code::kUnsupported, "--archive: this program was built without archives (MI2_WITH_ARCHIVE)");
}

std::string_view accepted_objects() { return {}; }

void keep_object(std::string_view, std::string&) {
  throw Error(Code::kUnsupported, "objects of DICOMweb servers: this program was built without archives");
}

}  // namespace mi2::server
