#include "protocols/archive_routes.hpp"

#include <utility>

#include <mi2/error.hpp>

namespace mi2::protocols {

RequestPlan ask_archives(ArchiveRoute route, const Service& service, HttpRequest request,
                         const PathParameters& parameters) {
  if (!service.archives) throw Error(Code::kNotFound, "this server has no archives; mi2 serve --archive NAME=DIR");
  return service.archives->parse(route, service, std::move(request), parameters);
}

}  // namespace mi2::protocols
