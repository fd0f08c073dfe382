#include "protocols/tables.hpp"

#include <span>
#include <vector>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "protocols/answers.hpp"
#include "protocols/classes.hpp"

namespace mi2::protocols {
namespace {

/// A vector as a list of one.
void append_alone(std::string& text, std::span<const float> vector) {
  text += '[';
  append_vector(text, vector);
  text += ']';
}

void append_embeddings(std::string& text, const Table& table, const Row& row, const Vectors& vectors) {
  std::string_view separator;
  const auto key = [&](std::string_view name) {
    text += separator;
    text += name;
    separator = ",";
  };
  text += '{';
  if (row.image) {
    key(R"("image_features":)");
    append_alone(text, vectors.images.row(*row.image));
  }
  if (row.text) {
    key(R"("text_features":)");
    append_alone(text, vectors.texts.row(*row.text));
  }
  if (table.parameters.scaling_factor) {
    key(R"("scaling_factor":)");
    base::append_number(text, table.model->logit_scale);
  }
  if (table.parameters.provenance) {
    key(R"("provenance":)");
    text += provenance_json(*table.model, table.parameters.images);
  }
  text += '}';
}

void append_scores(std::string& text, const std::vector<LabelScore>& scores) {
  text += '[';
  for (std::size_t i = 0; i < scores.size(); ++i) {
    text += i > 0 ? R"(,{"label":)" : R"({"label":)";
    text += json_string(scores[i].label);
    text += R"(,"score":)";
    base::append_number(text, scores[i].score);
    text += '}';
  }
  text += ']';
}

}  // namespace

ScoreParameters table_parameters(const Service& service, const ServedModel& model, Json* params) {
  ImageOptions defaults = service.images;
  defaults.profile = service.score_profile;
  ScoreParameters parameters = read_parameters(params, defaults);
  if (parameters.provenance && model.kind != ModelKind::kEmbedding) {
    throw Error(Code::kBadArgument,
                "params.provenance: a classifier's answer has no place for it; the headers x-mi2-* have it");
  }
  return parameters;
}

void append_row(std::string& text, const Table& table, const Row& row, const Vectors& vectors) {
  if (table.model->kind == ModelKind::kEmbedding) {
    append_embeddings(text, table, row, vectors);
  } else {
    append_scores(text, classify(*table.model, vectors.images.row(row.image.value())));
  }
}

std::string rows_json(const Table& table, const Vectors& vectors) {
  std::string text = "[";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (i > 0) text += ',';
    append_row(text, table, table.rows[i], vectors);
  }
  return text + ']';
}

}  // namespace mi2::protocols
