// MLflow's scoring protocol, version 2.0 and later.
// Source: https://mlflow.org/docs/latest/deployment/deploy-model-locally, "Inference Server Specification".

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "base/table.hpp"
#include "protocols/answers.hpp"
#include "protocols/classes.hpp"
#include "protocols/parsers.hpp"
#include "protocols/tables.hpp"

namespace mi2::protocols {
namespace {

/// Of a table in CSV: columns beside image and text are passed over, and must not cost much.
constexpr std::size_t kMaxFields = 1U << 20;
constexpr std::array<const char*, 4> kForms{"dataframe_split", "dataframe_records", "instances", "inputs"};

Rows read_json_rows(Json& body, RowReader& reader) {
  const auto has = [&](const char* form) { return body.contains(form); };
  if (std::count_if(kForms.begin(), kForms.end(), has) != 1) {
    throw Error(Code::kBadArgument, fmt::format("body: expected exactly one of {}", fmt::join(kForms, ", ")));
  }
  const std::string form = *std::find_if(kForms.begin(), kForms.end(), has);
  Json& input = body[form];
  if (form == "dataframe_split") return reader.split(input, form);
  if (form == "dataframe_records") return reader.records(input, form);
  return input.is_object() ? reader.columns(input, form) : reader.records(input, form, true);
}

/// A table as pandas writes it, refused in the words of every other table.
Rows read_csv_rows(HttpRequest& request, RowReader& reader, const Limits& limits) {
  base::Table table;
  SideColumns sides;
  try {
    table = base::Table::parse(request.body, "body", {limits.rows, kMaxFields});
    sides = side_columns(table);
  } catch (const Error& error) {
    if (error.code() == Code::kBadFile) throw Error(Code::kBadArgument, error.what());
    throw;
  }
  request.body = {};
  Rows rows;
  for (base::CsvRow& row : table.take_rows()) {
    const auto side = [&](const std::optional<std::size_t>& at) {
      return at ? std::move(row.fields[*at]) : std::string{};
    };
    rows.push_back(reader.row(side(sides.image), side(sides.text), rows.size() + 1));
  }
  return rows;
}

}  // namespace

RequestPlan parse_invocations(const Service& service, HttpRequest request, const PathParameters&) {
  auto table = std::make_shared<Table>();
  table->model = service.model(query_value(request.query, "model"));
  const bool texts_allowed = table->model->kind == ModelKind::kEmbedding;
  const std::string type = media_type(request);
  Work work;
  if (type == "text/csv") {
    check_charset(request);
    table->parameters = table_parameters(service, *table->model, nullptr);
    WorkBuilder builder(service, table->model->name, table->parameters.images);
    RowReader reader(builder, texts_allowed);
    table->rows = read_csv_rows(request, reader, service.limits);
    work = builder.take();
  } else if (type == "application/json") {
    Json body = json_object(request, service.limits);
    table->parameters = table_parameters(service, *table->model, member(body, "params"));
    WorkBuilder builder(service, table->model->name, table->parameters.images);
    RowReader reader(builder, texts_allowed);
    table->rows = read_json_rows(body, reader);
    work = builder.take();
  } else {
    throw Error(Code::kUnsupported, "content-type: expected application/json or text/csv");
  }
  check_answer(service.limits, table->rows.size(), table->model->labels);
  return {std::move(work), [table](const Vectors& vectors) {
            std::string text = R"({"predictions":)";
            text += rows_json(*table, vectors);
            text += '}';
            return model_answer(*table->model, table->parameters.images.profile, std::move(text));
          }};
}

RequestPlan ping(const Service& service, HttpRequest, const PathParameters&) {
  HttpResponse answer = readiness(service.ready());
  answer.content_type = "text/plain; charset=utf-8";
  answer.body.push_back('\n');
  return answer_at_once(std::move(answer));
}

RequestPlan mlflow_version(const Service&, HttpRequest, const PathParameters&) {
  HttpResponse answer;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = version();
  return answer_at_once(std::move(answer));
}

}  // namespace mi2::protocols
