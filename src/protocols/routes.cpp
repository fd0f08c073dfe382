// The table of routes.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "protocols/archive_routes.hpp"
#include "protocols/parsers.hpp"
#include "protocols/routes.hpp"

namespace mi2::protocols {
namespace {

using enum ErrorFormat;

template <ArchiveRoute route>
RequestPlan archives(const Service& service, HttpRequest request, const PathParameters& parameters) {
  return ask_archives(route, service, std::move(request), parameters);
}

constexpr std::array kRoutes{
    Route{"POST", "/score", "score", kAzure, false, parse_score},
    Route{"POST", "/", "score", kAzure, false, parse_score},
    Route{"GET", "/", "healthy", kAzure, true, healthy},
    Route{"GET", "/swagger.json", "swagger", kAzure, true, swagger},
    Route{"POST", "/invocations", "invocations", kMlflow, false, parse_invocations},
    Route{"GET", "/ping", "ping", kMlflow, true, ping},
    Route{"GET", "/version", "version", kMlflow, true, mlflow_version},
    Route{"POST", "/predict", "predict", kDetail, false, parse_predict},
    Route{"POST", "/encode", "encode", kDetail, false, parse_encode},
    Route{"GET", "/health", "health", kDetail, true, community_health},
    Route{"POST", "/v1/embeddings", "embeddings", kOpenAi, false, parse_embeddings},
    Route{"GET", "/v1/models", "models", kOpenAi, false, openai_models},
    Route{"GET", "/v1/models/{model}", "model", kOpenAi, false, openai_model},
    Route{"GET", "/v2", "kserve_server", kKserve, true, kserve_server},
    Route{"GET", "/v2/health/live", "kserve_live", kKserve, true, kserve_live},
    Route{"GET", "/v2/health/ready", "kserve_ready", kKserve, true, kserve_ready},
    Route{"GET", "/v2/models/{model}", "kserve_model", kKserve, false, kserve_model},
    Route{"GET", "/v2/models/{model}/ready", "kserve_model_ready", kKserve, true, kserve_model_ready},
    Route{"POST", "/v2/models/{model}/infer", "infer", kKserve, false, parse_infer},
    Route{"GET", "/health/live", "live", kAzure, true, live},
    Route{"GET", "/health/ready", "ready", kAzure, true, ready},
    Route{"GET", "/info", "info", kAzure, false, server_info},
    Route{"GET", "/openapi.json", "openapi", kAzure, true, openapi},
    Route{"GET", "/docs", "docs", kAzure, true, docs_page},
    Route{"GET", "/ui", "page_folder", kAzure, true, page_folder},
    Route{"GET", "/ui/", "page", kAzure, true, page_index},
    Route{"GET", "/ui/{file}", "page_file", kAzure, true, page_file},
    Route{"GET", "/archive/{archive}", "page_of_archive", kAzure, true, page_of_archive},
    Route{"GET", "/archive/{archive}/", "page_of_archive_folder", kAzure, true, page_of_archive},
    Route{"GET", "/v2/models/{model}/versions/{version}", "kserve_version", kKserve, false, kserve_model},
    Route{"GET", "/v2/models/{model}/versions/{version}/ready", "kserve_version_ready", kKserve, true,
          kserve_model_ready},
    Route{"POST", "/v2/models/{model}/versions/{version}/infer", "infer_version", kKserve, false, parse_infer},
    Route{"POST", "/v1/embed", "embed", kDetail, false, parse_embed},
    Route{"POST", "/v1/heatmap", "heatmap", kDetail, false, parse_heatmap},
    Route{"POST", "/embed", "tei_embed", kKserve, false, parse_tei_embed},
    Route{"GET", "/v1/archives", "archives", kOpenAi, false, archives<ArchiveRoute::kList>},
    Route{"GET", "/v1/archives/{archive}", "archive", kOpenAi, false, archives<ArchiveRoute::kInfo>},
    Route{"GET", "/v1/archives/{archive}/stats", "archive_stats", kOpenAi, false, archives<ArchiveRoute::kStats>},
    Route{"GET", "/v1/archives/{archive}/facets", "archive_facets", kOpenAi, false, archives<ArchiveRoute::kFacets>},
    Route{"GET", "/v1/archives/{archive}/refused", "archive_refused", kOpenAi, false, archives<ArchiveRoute::kRefused>},
    Route{"POST", "/v1/archives/{archive}/search", "archive_search", kOpenAi, false, archives<ArchiveRoute::kSearch>},
    Route{"POST", "/v1/archives/{archive}/cards", "archive_make_card", kOpenAi, false,
          archives<ArchiveRoute::kMakeCard>},
    Route{"GET", "/v1/archives/{archive}/cards/{card}", "archive_card", kOpenAi, false, archives<ArchiveRoute::kCard>},
    Route{"POST", "/v1/archives/{archive}/cards/{card}/push", "archive_push", kOpenAi, false,
          archives<ArchiveRoute::kPush>},
    Route{"POST", "/v1/archives/{archive}/tags/push", "archive_push_tags", kOpenAi, false,
          archives<ArchiveRoute::kPushTags>},
    Route{"POST", "/v1/archives/{archive}/replay", "archive_replay", kOpenAi, false, archives<ArchiveRoute::kReplay>},
    Route{"GET", "/v1/archives/{archive}/items/{item}", "archive_item", kOpenAi, false, archives<ArchiveRoute::kItem>},
    Route{"GET", "/v1/archives/{archive}/items/{item}/thumb", "archive_thumb", kOpenAi, false,
          archives<ArchiveRoute::kThumb>},
    Route{"GET", "/v1/archives/{archive}/items/{item}/pixels", "archive_pixels", kOpenAi, false,
          archives<ArchiveRoute::kPixels>},
    Route{"GET", "/v1/archives/{archive}/items/{item}/neighbours", "archive_neighbours", kOpenAi, false,
          archives<ArchiveRoute::kNeighbours>},
    Route{"GET", "/v1/archives/{archive}/items/{item}/heatmap", "archive_heatmap_by_query", kOpenAi, false,
          archives<ArchiveRoute::kHeatmap>},
    Route{"POST", "/v1/archives/{archive}/items/{item}/heatmap", "archive_heatmap", kOpenAi, false,
          archives<ArchiveRoute::kHeatmap>},
    Route{"GET", "/v1/archives/{archive}/map", "archive_map", kOpenAi, false, archives<ArchiveRoute::kMap>},
    Route{"GET", "/v1/archives/{archive}/map/{z}/{x}/{y}", "archive_map_tile", kOpenAi, false,
          archives<ArchiveRoute::kMapTile>},
    Route{"GET", "/v1/archives/{archive}/map/legend", "archive_map_legend", kOpenAi, false,
          archives<ArchiveRoute::kMapLegend>},
    Route{"GET", "/v1/archives/{archive}/studies/{study}", "archive_study", kOpenAi, false,
          archives<ArchiveRoute::kStudy>},
    Route{"POST", "/v1/archives/{archive}/studies/{study}/similarity", "archive_similarity", kOpenAi, false,
          archives<ArchiveRoute::kSimilarity>},
    Route{"GET", "/v1/archives/{archive}/studies/{study}/matches", "archive_matches", kOpenAi, false,
          archives<ArchiveRoute::kMatches>},
    Route{"DELETE", "/v1/archives/{archive}/studies/{study}", "archive_remove_study", kOpenAi, false,
          archives<ArchiveRoute::kRemoveStudy>},
    Route{"POST", "/v1/archives/{archive}/items", "archive_add_items", kOpenAi, false,
          archives<ArchiveRoute::kAddItems>},
    Route{"POST", "/v1/archives/{archive}/labels", "archive_add_labels", kOpenAi, false,
          archives<ArchiveRoute::kAddLabels>},
    Route{"POST", "/v1/archives/{archive}/studies", "archive_store_studies", kOpenAi, false,
          archives<ArchiveRoute::kStoreStudies>},
    Route{"POST", "/v1/archives/{archive}/studies/{study}", "archive_store_study", kOpenAi, false,
          archives<ArchiveRoute::kStoreStudy>},
    Route{"GET", "/v1/archives/{archive}/outliers", "archive_outliers", kOpenAi, false,
          archives<ArchiveRoute::kOutliers>},
    Route{"POST", "/v1/archives/{archive}/outliers", "archive_outliers_by_body", kOpenAi, false,
          archives<ArchiveRoute::kOutliers>},
    Route{"GET", "/v1/archives/{archive}/drift", "archive_drift", kOpenAi, false, archives<ArchiveRoute::kDrift>},
    Route{"POST", "/v1/archives/{archive}/drift", "archive_drift_by_body", kOpenAi, false,
          archives<ArchiveRoute::kDrift>},
    Route{"GET", "/v1/archives/{archive}/tags", "archive_tags", kOpenAi, false, archives<ArchiveRoute::kTags>},
    Route{"POST", "/v1/archives/{archive}/tags", "archive_tags_by_body", kOpenAi, false, archives<ArchiveRoute::kTags>},
    Route{"GET", "/v1/archives/{archive}/dups", "archive_dups", kOpenAi, false, archives<ArchiveRoute::kDups>},
    Route{"POST", "/v1/archives/{archive}/dups", "archive_dups_by_body", kOpenAi, false, archives<ArchiveRoute::kDups>},
    Route{"POST", "/v1/archives/{archive}/classify", "archive_classify", kOpenAi, false,
          archives<ArchiveRoute::kClassify>},
    Route{"GET", "/v1/archives/{archive}/heads", "archive_heads", kOpenAi, false, archives<ArchiveRoute::kHeads>},
    Route{"POST", "/v1/archives/{archive}/heads", "archive_train_head", kOpenAi, false,
          archives<ArchiveRoute::kTrainHead>},
    Route{"GET", "/v1/archives/{archive}/heads/{head}", "archive_head", kOpenAi, false, archives<ArchiveRoute::kHead>},
    Route{"DELETE", "/v1/archives/{archive}/heads/{head}", "archive_remove_head", kOpenAi, false,
          archives<ArchiveRoute::kRemoveHead>},
    Route{"POST", "/v1/archives/{archive}/heads/{head}/apply", "archive_apply_head", kOpenAi, false,
          archives<ArchiveRoute::kApplyHead>},
    Route{"GET", "/v1/archives/{archive}/heads/{head}/files/{file}", "archive_head_file", kOpenAi, false,
          archives<ArchiveRoute::kHeadFile>},
    Route{"GET", "/v1/archives/{archive}/audit", "archive_audit", kOpenAi, false, archives<ArchiveRoute::kAudit>},
};

std::string_view first_segment(std::string_view path) { return path.substr(0, path.find('/')); }

/// A path with one slash at its start: clients join an address that ends in one and a path that starts with one.
std::string_view with_one_slash(std::string_view path) {
  while (path.starts_with("//")) path.remove_prefix(1);
  return path;
}

/// What a path is answered with when it is asked what it answers.
HttpResponse options_answer(std::string_view allowed) {
  HttpResponse answer;
  answer.content_type = {};
  answer.headers.emplace_back("allow", allowed);
  return answer;
}

/// The values of a pattern's names if the path fits it.
std::optional<PathParameters> fit(std::string_view pattern, std::string_view path) {
  PathParameters values;
  while (!pattern.empty() && !path.empty()) {
    if (pattern.front() != '/' || path.front() != '/') return std::nullopt;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    const std::string_view wanted = first_segment(pattern);
    const std::string_view found = first_segment(path);
    if (wanted.starts_with('{')) {
      if (found.empty()) return std::nullopt;
      values.emplace_back(found);
    } else if (wanted != found) {
      return std::nullopt;
    }
    pattern.remove_prefix(wanted.size());
    path.remove_prefix(found.size());
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return values;
}

/// A route in whose format a path without a route is refused: that of the protocol it seems to mean.
const Route* neighbour(std::string_view path) {
  for (const Route& route : kRoutes) {
    const std::string_view family = first_segment(route.path.substr(1));
    if (!family.empty() && path.starts_with('/') && first_segment(path.substr(1)) == family) return &route;
  }
  return nullptr;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

Match match(const HttpRequest& request) {
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
  const Route* other = nullptr;
  std::string allowed;
  const std::string_view path = with_one_slash(request.path);
  for (const Route& route : kRoutes) {
    std::optional<PathParameters> values = fit(route.path, path);
    if (!values) continue;
    if (route.method == method) return {&route, std::move(*values), std::nullopt};
    other = &route;
    allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", route.method == "GET" ? "GET, HEAD" : route.method);
  }
  Match missed;
  if (method == "OPTIONS" && (other != nullptr || request.path == "*")) {
    missed.refusal = options_answer(other == nullptr ? "GET, HEAD, POST, DELETE, OPTIONS" : allowed + ", OPTIONS");
  } else if (other == nullptr) {
    missed.refusal = refusal(neighbour(path), 404, "not_found", "no such path; GET /docs lists them");
  } else {
    missed.refusal =
        refusal(other, 405, "method_not_allowed", fmt::format("method not allowed; this path answers {}", allowed));
    missed.refusal->headers.emplace_back("allow", allowed);
  }
  return missed;
}

}  // namespace mi2::protocols
