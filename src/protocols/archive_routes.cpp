#include "protocols/archive_routes.hpp"

#include <utility>

#include <mi2/error.hpp>

#include "protocols/parsers.hpp"

namespace mi2::protocols {
namespace {

RequestPlan ask(ArchiveRoute route, const Service& service, HttpRequest request, const PathParameters& parameters) {
  if (!service.archives) throw Error(Code::kNotFound, "this server has no archives; mi2 serve --archive NAME=DIR");
  return service.archives->parse(route, service, std::move(request), parameters);
}

}  // namespace

RequestPlan archives_list(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask(ArchiveRoute::kList, service, std::move(request), parameters);
}
RequestPlan archive_info(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask(ArchiveRoute::kInfo, service, std::move(request), parameters);
}
RequestPlan archive_stats(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask(ArchiveRoute::kStats, service, std::move(request), parameters);
}
RequestPlan archive_facets(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask(ArchiveRoute::kFacets, service, std::move(request), parameters);
}
RequestPlan archive_item(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask(ArchiveRoute::kItem, service, std::move(request), parameters);
}
RequestPlan archive_neighbours(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask(ArchiveRoute::kNeighbours, service, std::move(request), parameters);
}
RequestPlan archive_search(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask(ArchiveRoute::kSearch, service, std::move(request), parameters);
}
RequestPlan archive_remove_study(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask(ArchiveRoute::kRemoveStudy, service, std::move(request), parameters);
}

}  // namespace mi2::protocols
