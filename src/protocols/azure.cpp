// Azure ML: POST /score as the hosted endpoint of the model answers it, and what azureml-inference-server-http has
// around it.

#include <memory>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "protocols/answers.hpp"
#include "protocols/classes.hpp"
#include "protocols/openapi.hpp"
#include "protocols/parsers.hpp"
#include "protocols/tables.hpp"

namespace mi2::protocols {
namespace {

/// Three objects with one key each, all rows in each list; a side that no row has is left out.
std::string legacy_json(const Table& table, const Vectors& vectors) {
  std::string text = "[";
  const auto object = [&](std::string_view key) -> std::string& {
    if (text.size() > 1) text += ',';
    text += R"({")";
    text += key;
    return text += R"(":)";
  };
  if (!vectors.images.empty()) {
    append_vectors(object("image_features"), vectors.images);
    text += '}';
  }
  if (!vectors.texts.empty()) {
    append_vectors(object("text_features"), vectors.texts);
    text += '}';
  }
  if (table.parameters.scaling_factor) {
    base::append_number(object("scaling_factor"), table.model->logit_scale);
    text += '}';
  }
  if (table.parameters.provenance) {
    object("provenance") += provenance_json(*table.model, table.parameters.images) + '}';
  }
  return text + ']';
}

}  // namespace

RequestPlan parse_score(const Service& service, HttpRequest request, const PathParameters&) {
  auto table = std::make_shared<Table>();
  table->model = service.model(query_value(request.query, "model"));
  Json body = json_object(request, service.limits);
  table->parameters = table_parameters(service, *table->model, member(body, "params"));
  Json* input = member(body, "input_data");
  if (input == nullptr) throw Error(Code::kBadArgument, "input_data: is missing");
  WorkBuilder work(service, table->model->name, table->parameters.images);
  RowReader reader(work, table->model->kind == ModelKind::kEmbedding);
  table->rows = input->is_array() ? reader.records(*input, "input_data") : reader.split(*input, "input_data");
  check_answer(service.limits, table->rows.size(), table->model->labels);
  const bool legacy = service.response_shape == ResponseShape::kLegacy && table->model->kind == ModelKind::kEmbedding;
  return {work.take(), [table, legacy](const Vectors& vectors) {
            return model_answer(*table->model, table->parameters.images.profile,
                                legacy ? legacy_json(*table, vectors) : rows_json(*table, vectors));
          }};
}

RequestPlan healthy(const Service& service, HttpRequest, const PathParameters&) {
  HttpResponse answer = readiness(service.ready());
  if (!service.ready()) {
    answer.body = R"({"message":"no model is ready yet"})";
    return answer_at_once(std::move(answer));
  }
  answer.content_type = "text/html; charset=utf-8";
  answer.body = "Healthy";
  return answer_at_once(std::move(answer));
}

RequestPlan swagger(const Service&, HttpRequest request, const PathParameters&) {
  const std::string version = query_value(request.query, "version");
  HttpResponse answer;
  if (version.empty() || version == "2") {
    answer.body = swagger_document(SwaggerVersion::k2);
  } else if (version == "3") {
    answer.body = swagger_document(SwaggerVersion::k3);
  } else if (version == "3.1") {
    answer.body = swagger_document(SwaggerVersion::k31);
  } else {
    throw Error(Code::kNotFound, "swagger.json: expected the version 2, 3 or 3.1");
  }
  return answer_at_once(std::move(answer));
}

}  // namespace mi2::protocols
