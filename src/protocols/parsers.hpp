#pragma once
// One function per route: each understands its protocol's request. Route::parse says what they promise.

#include "protocols/request_plan.hpp"
#include "protocols/routes.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

// azure.cpp
RequestPlan parse_score(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan healthy(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan swagger(const Service& service, HttpRequest request, const PathParameters& parameters);

// mlflow.cpp
RequestPlan parse_invocations(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan ping(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan mlflow_version(const Service& service, HttpRequest request, const PathParameters& parameters);

// community.cpp
RequestPlan parse_predict(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan parse_encode(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan parse_embed(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan community_health(const Service& service, HttpRequest request, const PathParameters& parameters);

// heatmap.cpp
RequestPlan parse_heatmap(const Service& service, HttpRequest request, const PathParameters& parameters);

// tei.cpp
RequestPlan parse_tei_embed(const Service& service, HttpRequest request, const PathParameters& parameters);

// openai.cpp
RequestPlan parse_embeddings(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan openai_models(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan openai_model(const Service& service, HttpRequest request, const PathParameters& parameters);

// kserve.cpp
RequestPlan parse_infer(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan kserve_server(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan kserve_live(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan kserve_ready(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan kserve_model(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan kserve_model_ready(const Service& service, HttpRequest request, const PathParameters& parameters);

// operations.cpp
RequestPlan live(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan ready(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan server_info(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan openapi(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan docs_page(const Service& service, HttpRequest request, const PathParameters& parameters);

// page_routes.cpp
RequestPlan page_folder(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan page_of_archive(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan page_index(const Service& service, HttpRequest request, const PathParameters& parameters);
RequestPlan page_file(const Service& service, HttpRequest request, const PathParameters& parameters);

}  // namespace mi2::protocols
