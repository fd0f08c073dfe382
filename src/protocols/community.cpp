// The community server: the FastAPI wrapper that comes with the research copy of the model.

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "classify/prompts.hpp"
#include "classify/zero_shot.hpp"
#include "protocols/answers.hpp"
#include "protocols/json.hpp"
#include "protocols/parsers.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols {
namespace {

std::vector<std::string> take_strings(Json* list, std::string_view name) {
  std::vector<std::string> strings;
  if (list == nullptr) return strings;
  need_array(*list, name);
  for (Json& item : *list) strings.push_back(take_string(item, fmt::format("{} {}", name, strings.size() + 1)));
  return strings;
}

void add_images(WorkBuilder& work, const std::vector<std::string>& images) {
  for (std::size_t i = 0; i < images.size(); ++i) work.add_image(images[i], fmt::format("image {}", i + 1));
}

bool read_flag(Json* value, std::string_view name) {
  if (value == nullptr) return false;
  if (!value->is_boolean()) refuse_kind(*value, name, "a boolean");
  return value->get<bool>();
}

std::string predictions_json(const std::vector<std::string>& labels, bool multilabel, float scale,
                             const Vectors& vectors) {
  std::string text = R"({"predictions":[)";
  for (std::size_t i = 0; i < vectors.images.rows(); ++i) {
    text += i > 0 ? ",{" : "{";
    const std::vector<double> logits = classify::similarity_logits(vectors.images.row(i), vectors.texts, scale);
    std::string_view separator;
    for (const LabelScore& score : classify::ranked_scores(labels, logits, multilabel)) {
      text += separator;
      text += json_string(score.label);
      text += ':';
      base::append_number(text, score.score);
      separator = ",";
    }
    text += '}';
  }
  return text + "]}";
}

/// The vectors of one kind, or null if there were none to compute.
void append_or_null(std::string& text, const EmbeddingMatrix& vectors) {
  if (vectors.empty()) {
    text += "null";
  } else {
    append_vectors(text, vectors);
  }
}

}  // namespace

RequestPlan parse_predict(const Service& service, HttpRequest request, const PathParameters&) {
  const std::shared_ptr<const ServedModel> model = service.model(query_value(request.query, "model"));
  Json body = json_object(request, service.limits);
  const std::vector<std::string> images = take_strings(member(body, "images"), "images");
  std::vector<std::string> labels = take_strings(member(body, "labels"), "labels");
  const bool multilabel = read_flag(member(body, "multilabel"), "multilabel");
  if (images.empty()) throw Error(Code::kBadArgument, "images: expected at least one");
  WorkBuilder work(service, model->name, service.images);
  for (const std::string& text : classify::prompts_of(labels, {"{}"})) work.add_label(text, "a label");
  add_images(work, images);
  const float scale = std::exp(model->logit_scale);
  return {work.take(), [model, labels = std::move(labels), multilabel, scale,
                        profile = service.images.profile](const Vectors& vectors) {
            return model_answer(*model, profile, predictions_json(labels, multilabel, scale, vectors));
          }};
}

RequestPlan parse_encode(const Service& service, HttpRequest request, const PathParameters&) {
  const std::shared_ptr<const ServedModel> model = service.model(query_value(request.query, "model"));
  Json body = json_object(request, service.limits);
  const std::vector<std::string> images = take_strings(member(body, "images"), "images");
  std::vector<std::string> texts = take_strings(member(body, "texts"), "texts");
  if (images.empty() && texts.empty()) {
    throw Error(Code::kBadArgument, "images and texts: expected at least one");
  }
  WorkBuilder work(service, model->name, service.images);
  add_images(work, images);
  for (std::size_t i = 0; i < texts.size(); ++i) work.add_text(std::move(texts[i]), fmt::format("text {}", i + 1));
  return {work.take(), [model, profile = service.images.profile](const Vectors& vectors) {
            std::string text = R"({"image_embeddings":)";
            append_or_null(text, vectors.images);
            text += R"(,"text_embeddings":)";
            append_or_null(text, vectors.texts);
            return model_answer(*model, profile, text + '}');
          }};
}

RequestPlan community_health(const Service& service, HttpRequest, const PathParameters&) {
  HttpResponse answer = readiness(service.ready());
  answer.body = service.ready() ? R"({"status":"healthy"})" : R"({"status":"loading"})";
  return answer_at_once(std::move(answer));
}

}  // namespace mi2::protocols
