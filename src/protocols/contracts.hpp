#pragma once
// One function a route: each understands its contract's request. Route::parse says what they promise.

#include "protocols/exchange.hpp"
#include "protocols/scoring.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

// azure.cpp
Exchange parse_score(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange healthy(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange swagger(const Service& service, HttpRequest request, const PathParameters& parameters);

// mlflow.cpp
Exchange parse_invocations(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange ping(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange mlflow_version(const Service& service, HttpRequest request, const PathParameters& parameters);

// community.cpp
Exchange parse_predict(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange parse_encode(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange community_health(const Service& service, HttpRequest request, const PathParameters& parameters);

// openai.cpp
Exchange parse_embeddings(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange openai_models(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange openai_model(const Service& service, HttpRequest request, const PathParameters& parameters);

// kserve.cpp
Exchange parse_infer(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange kserve_server(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange kserve_live(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange kserve_ready(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange kserve_model(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange kserve_model_ready(const Service& service, HttpRequest request, const PathParameters& parameters);

// operations.cpp
Exchange live(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange ready(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange server_info(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange openapi(const Service& service, HttpRequest request, const PathParameters& parameters);
Exchange docs_page(const Service& service, HttpRequest request, const PathParameters& parameters);

}  // namespace mi2::protocols
