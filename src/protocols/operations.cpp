// What operators ask: is the process alive, are the models ready, what is served.

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <mi2/version.hpp>

#include "protocols/answers.hpp"
#include "protocols/json.hpp"
#include "protocols/openapi.hpp"
#include "protocols/parsers.hpp"

namespace mi2::protocols {
namespace {

std::string_view kind_name(ModelKind kind) {
  switch (kind) {
    case ModelKind::kZeroShot:
      return "zero-shot classifier";
    case ModelKind::kAdapter:
      return "adapter classifier";
    case ModelKind::kEmbedding:
      break;
  }
  return "embedding";
}

Json model_info(const ServedModel& model) {
  return {{"name", model.name},
          {"kind", kind_name(model.kind)},
          {"ready", model.ready},
          {"dimensions", model.dimensions},
          {"scaling_factor", model.logit_scale},
          {"labels", model.labels},
          {"dtype", model.provenance.dtype},
          {"instructions", model.provenance.instructions},
          {"weights_sha256", model.provenance.weights_sha256}};
}

}  // namespace

RequestPlan live(const Service&, HttpRequest, const PathParameters&) { return json_at_once({{"status", "live"}}); }

RequestPlan ready(const Service& service, HttpRequest, const PathParameters&) {
  Json models = Json::object();
  for (const auto& [name, model] : service.models) models[name] = model->ready;
  return json_at_once({{"status", service.ready() ? "ready" : "loading"}, {"models", std::move(models)}},
                      readiness(service.ready()));
}

RequestPlan server_info(const Service& service, HttpRequest, const PathParameters&) {
  Json models = Json::array();
  for (const auto& [name, model] : service.models) models.push_back(model_info(*model));
  const Limits& limits = service.limits;
  return json_at_once(
      {{"name", "mi2"},
       {"version", version()},
       {"default_model", service.default_model},
       {"models", std::move(models)},
       {"profiles", {{"score", name_of(service.score_profile)}, {"others", name_of(service.images.profile)}}},
       {"limits",
        {{"body_bytes", service.max_body_bytes},
         {"rows", limits.rows},
         {"labels", limits.labels},
         {"text_bytes", limits.text_bytes},
         {"answer_bytes", limits.answer_bytes},
         {"pixels", service.images.max_pixels}}}});
}

RequestPlan openapi(const Service&, HttpRequest, const PathParameters&) {
  HttpResponse answer;
  answer.body = openapi_document();
  return answer_at_once(std::move(answer));
}

RequestPlan docs_page(const Service&, HttpRequest, const PathParameters&) {
  HttpResponse answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.headers.emplace_back("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
  answer.body = docs_html();
  return answer_at_once(std::move(answer));
}

}  // namespace mi2::protocols
