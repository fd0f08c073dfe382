#include "protocols/archive_routes.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <mi2/error.hpp>

namespace mi2::protocols {
namespace {

constexpr std::pair<std::string_view, std::string_view> kEvents[] = {
    {"archive", "info"},
    {"archive_stats", "stats"},
    {"archive_facets", "facets"},
    {"archive_search", "search"},
    {"archive_neighbours", "search"},
    {"archive_make_card", "card"},
    {"archive_card", "read_card"},
    {"archive_push", "push"},
    {"archive_replay", "replay"},
    {"archive_item", "item"},
    {"archive_thumb", "thumb"},
    {"archive_pixels", "pixels"},
    {"archive_heatmap", "heatmap"},
    {"archive_heatmap_by_query", "heatmap"},
    {"archive_map", "map"},
    {"archive_map_tile", "map"},
    {"archive_map_legend", "map"},
    {"archive_study", "study"},
    {"archive_similarity", "similarity"},
    {"archive_matches", "matches"},
    {"archive_remove_study", "delete"},
    {"archive_add_items", "add"},
    {"archive_add_labels", "label"},
    {"archive_store_studies", "add"},
    {"archive_store_study", "add"},
    {"archive_outliers", "outliers"},
    {"archive_outliers_by_body", "outliers"},
    {"archive_drift", "drift"},
    {"archive_drift_by_body", "drift"},
    {"archive_tags", "tags"},
    {"archive_tags_by_body", "tags"},
    {"archive_dups", "dups"},
    {"archive_dups_by_body", "dups"},
    {"archive_classify", "classify"},
    {"archive_push_tags", "push"},
    {"archive_refused", "refused"},
    {"archive_heads", "heads"},
    {"archive_train_head", "head_train"},
    {"archive_head", "heads"},
    {"archive_head_file", "heads"},
    {"archive_apply_head", "head_apply"},
    {"archive_remove_head", "head_delete"},
    {"archive_audit", "audit"},
};

}  // namespace

std::string_view archive_event(std::string_view route) noexcept {
  const auto* const found =
      std::find_if(std::begin(kEvents), std::end(kEvents), [route](const auto& entry) { return entry.first == route; });
  return found == std::end(kEvents) ? std::string_view() : found->second;
}

std::span<const std::string> archive_events() {
  static const std::vector<std::string> kNames = [] {
    std::set<std::string> names{"erase", "push_dry_run"};  // what a request turns out to be
    for (const auto& [route, event] : kEvents) names.emplace(event);
    return std::vector<std::string>(names.begin(), names.end());
  }();
  return kNames;
}

RequestPlan ask_archives(ArchiveRoute route, const Service& service, HttpRequest request,
                         const PathParameters& parameters) {
  if (!service.archives) throw Error(Code::kNotFound, "this server has no archives; mi2 serve --archive NAME=DIR");
  return service.archives->parse(route, service, std::move(request), parameters);
}

}  // namespace mi2::protocols
