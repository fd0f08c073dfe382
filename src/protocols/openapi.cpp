#include "protocols/openapi.hpp"

#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/version.hpp>

#include "base/table.hpp"
#include "protocols/openapi_text.hpp"
#include "protocols/routes.hpp"

namespace mi2::protocols {
namespace {

using Ordered = nlohmann::ordered_json;

struct Status {
  int code;
  std::string_view meaning;
};

/// What any request may be answered with, before or after its protocol looks at it.
constexpr Status kOfAll[] = {{404, "No such path or model"},
                             {408, "The request did not come in time"},
                             {429, "The queue is full; Retry-After says when to try again"},
                             {431, "Headers too long"},
                             {500, "A defect of mi2 or a failing machine"},
                             {503, "Not ready, or shutting down"}};
constexpr Status kOfBodies[] = {{400, "A request that makes no sense; the message names the row"},
                                {413, "A body, an image or a number of rows over the limit"},
                                {415, "A content type that is not read"},
                                {422, "An item that does not hold what it should; the message names the row"}};

std::string_view error_schema(ErrorFormat format) {
  switch (format) {
    case ErrorFormat::kMlflow:
      return "MlflowError";
    case ErrorFormat::kDetail:
      return "DetailError";
    case ErrorFormat::kOpenAi:
      return "OpenAiError";
    case ErrorFormat::kKserve:
      return "KserveError";
    case ErrorFormat::kAzure:
      break;
  }
  return "AzureError";
}

void add_statuses(Ordered& responses, std::span<const Status> statuses, ErrorFormat format) {
  const Ordered schema = {{"$ref", fmt::format("#/components/schemas/{}", error_schema(format))}};
  for (const Status& status : statuses) {
    Ordered& response = responses[std::to_string(status.code)];
    // A status with a shape of its own keeps it and may have the error's, too: whoever refuses early knows only that.
    if (response.is_null()) response["description"] = status.meaning;
    Ordered& shown = response["content"]["application/json"]["schema"];
    shown = shown.is_null() ? schema : Ordered{{"anyOf", Ordered::array({shown, schema})}};
  }
}

void complete(Ordered& operation, std::string_view name, bool has_body, bool open, ErrorFormat errors) {
  operation["operationId"] = name;
  Ordered& responses = operation["responses"];
  add_statuses(responses, kOfAll, errors);
  if (has_body) add_statuses(responses, kOfBodies, errors);
  constexpr Status kNoKey[] = {{401, "No key, or a wrong one"}};
  if (open) {
    operation["security"] = Ordered::array();
  } else {
    add_statuses(responses, kNoKey, errors);
  }
}

Ordered in_path(std::string_view name, std::string_view type) {
  return {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", type}}}};
}

/// What a card is made of: a search's members but the cursor, and notes.
void add_card_request(Ordered& schemas) {
  Ordered request = schemas.at("ArchiveSearch");
  request["properties"].erase("cursor");
  request["properties"]["notes"] = {
      {"anyOf", Ordered::array({Ordered{{"$ref", "#/components/schemas/CardNotes"}}, Ordered{{"type", "null"}}})}};
  schemas["CardRequest"] = std::move(request);
}

/// What a study's slices are compared with: what a search looks for, without how it answers.
void add_study_query(Ordered& schemas) {
  Ordered query = schemas.at("ArchiveSearch");
  for (const char* const option :
       {"k", "by", "match", "same_patient", "where", "exclude_study", "min_score", "cursor"}) {
    query["properties"].erase(option);
  }
  schemas["StudyQuery"] = std::move(query);
}

std::string build_openapi() {
  Ordered document = {{"openapi", "3.1.0"},
                      {"info",
                       {{"title", "mi2"},
                        {"version", version()},
                        {"description", "Embeddings of medical images and texts with MedImageInsight, self-hosted."},
                        {"license", {{"name", "MIT"}, {"identifier", "MIT"}}}}},
                      {"servers", Ordered::array({Ordered{{"url", "/"}}})},
                      // With no key file the server asks for none; hence the empty alternative.
                      {"security", Ordered::array({Ordered{{"key", Ordered::array()}}, Ordered::object()})},
                      {"paths", Ordered::parse(openapi_paths())}};
  Ordered& paths = document["paths"];
  paths.update(Ordered::parse(openapi_archive_paths()));
  paths.update(Ordered::parse(openapi_archive_card_paths()));
  paths.update(Ordered::parse(openapi_archive_map_paths()));
  paths.update(Ordered::parse(openapi_archive_classify_paths()));
  paths.update(Ordered::parse(openapi_archive_head_paths()));
  paths.update(Ordered::parse(openapi_archive_look_paths()));
  paths.update(Ordered::parse(openapi_archive_audit_paths()));
  for (const Route& route : routes()) {
    const std::string id = fmt::format("{}{}", route.name, route.path == "/" && route.method == "POST" ? "_root" : "");
    Ordered& operation = paths.at(std::string(route.path)).at(base::lower_ascii(route.method));
    // Of archives, a query may make no sense as a body may.
    const bool can_be_wrong = route.method == "POST" || route.path.starts_with("/v1/archives/");
    complete(operation, id, can_be_wrong, route.open, route.errors);
  }
  complete(paths["/metrics"]["get"], "metrics", false, false, ErrorFormat::kAzure);
  document["components"] = {
      {"securitySchemes", {{"key", {{"type", "http"}, {"scheme", "bearer"}}}}},
      {"parameters",
       {{"Model",
         {{"name", "model"},
          {"in", "query"},
          {"required", false},
          {"description", "A name of GET /v1/models; without it, the default model"},
          {"schema", {{"type", "string"}}}}},
        {"ModelInPath", {{"name", "model"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}}},
        {"VersionInPath",
         {{"name", "version"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}, {"const", "1"}}}}},
        {"ArchiveInPath", in_path("archive", "string")},
        {"ItemInPath", in_path("item", "integer")},
        {"HeadInPath",
         {{"name", "head"},
          {"in", "path"},
          {"required", true},
          {"schema", {{"type", "string"}, {"pattern", "^[0-9a-f]{32}$"}}}}},
        {"StudyInPath", in_path("study", "string")}}},
      {"schemas", Ordered::parse(openapi_schemas())}};
  document["components"]["schemas"].update(Ordered::parse(openapi_archive_schemas()));
  document["components"]["schemas"].update(Ordered::parse(openapi_archive_card_schemas()));
  document["components"]["schemas"].update(Ordered::parse(openapi_archive_map_schemas()));
  document["components"]["schemas"].update(Ordered::parse(openapi_archive_classify_schemas()));
  document["components"]["schemas"].update(Ordered::parse(openapi_archive_head_schemas()));
  document["components"]["schemas"].update(Ordered::parse(openapi_archive_audit_schemas()));
  add_card_request(document["components"]["schemas"]);
  add_study_query(document["components"]["schemas"]);
  document["components"]["schemas"].update(Ordered::parse(openapi_archive_look_schemas()));
  return document.dump();
}

/// A row of the hosted endpoint's table, as Swagger 2.0 and OpenAPI 3.0 can say it.
Ordered score_schema() {
  return Ordered::parse(R"json({"type": "object", "required": ["input_data"], "properties": {
    "input_data": {"type": "object", "properties": {
      "columns": {"type": "array", "items": {"type": "string"}},
      "index": {"type": "array", "items": {}},
      "data": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}}},
    "params": {"type": "object", "properties": {
      "get_scaling_factor": {"type": "boolean"},
      "image_standardization_jpeg_compression_ratio": {"type": "integer"},
      "image_standardization_image_size": {"type": "integer"}}}}})json");
}

Ordered score_answer_schema() {
  return Ordered::parse(R"json({"type": "array", "items": {"type": "object", "properties": {
    "image_features": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    "text_features": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    "scaling_factor": {"type": "number"}}}})json");
}

std::string build_swagger(SwaggerVersion wanted) {
  const Ordered about = {{"title", "mi2"}, {"version", version()}};
  const std::string summary = "Vectors of rows of images and texts";
  Ordered document;
  if (wanted == SwaggerVersion::k2) {
    const Ordered body = {{"name", "body"}, {"in", "body"}, {"required", true}, {"schema", score_schema()}};
    document = {{"swagger", "2.0"},
                {"info", about},
                {"consumes", {"application/json"}},
                {"basePath", "/"},
                {"produces", {"application/json"}}};
    document["paths"]["/score"]["post"] = {
        {"operationId", "RunMLService"},
        {"summary", summary},
        {"parameters", Ordered::array({body})},
        {"responses", {{"200", {{"description", "The rows' answers"}, {"schema", score_answer_schema()}}}}}};
  } else {
    const auto json = [](const Ordered& schema) { return Ordered{{"application/json", {{"schema", schema}}}}; };
    document = {{"openapi", wanted == SwaggerVersion::k3 ? "3.0.3" : "3.1.0"}, {"info", about}};
    document["paths"]["/score"]["post"] = {
        {"operationId", "RunMLService"},
        {"summary", summary},
        {"requestBody", {{"required", true}, {"content", json(score_schema())}}},
        {"responses", {{"200", {{"description", "The rows' answers"}, {"content", json(score_answer_schema())}}}}}};
  }
  return document.dump();
}

}  // namespace

const std::string& openapi_document() {
  static const std::string document = build_openapi();
  return document;
}

const std::string& swagger_document(SwaggerVersion version) {
  static const std::string two = build_swagger(SwaggerVersion::k2);
  static const std::string three = build_swagger(SwaggerVersion::k3);
  static const std::string newest = build_swagger(SwaggerVersion::k31);
  return version == SwaggerVersion::k2 ? two : version == SwaggerVersion::k3 ? three : newest;
}

}  // namespace mi2::protocols
