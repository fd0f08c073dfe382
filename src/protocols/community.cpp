// The community server: the FastAPI wrapper that comes with the research copy of the model.

#include <cmath>
#include <memory>
#include <optional>
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
#include "protocols/classes.hpp"
#include "protocols/json.hpp"
#include "protocols/parameters.hpp"
#include "protocols/parsers.hpp"
#include "protocols/request.hpp"
#include "protocols/uploads.hpp"

namespace mi2::protocols {
namespace {

bool read_flag(Json* value, std::string_view name) {
  if (value == nullptr) return false;
  if (!value->is_boolean()) refuse_kind(*value, name, "a boolean");
  return value->get<bool>();
}

/// What a request of either form asks about.
struct Items {
  std::vector<std::string> images;
  bool files = false;  ///< the images are files' bytes, not base64
  std::vector<std::string> texts;
  std::vector<std::string> labels;
  bool multilabel = false;
  ImageOptions options;
};

Items items_of(const Service& service, Json& body) {
  Items items;
  items.images = take_both(body, "image", "images");
  items.texts = take_both(body, "text", "texts");
  items.labels = take_strings(member(body, "labels"), "labels");
  items.multilabel = read_flag(member(body, "multilabel"), "multilabel");
  items.options = read_parameters(member(body, "params"), service.images).images;
  return items;
}

Items take_items(const Service& service, HttpRequest& request) {
  std::optional<Upload> upload = take_upload(service, request);
  if (!upload) {
    Json body = json_object(request, service.limits);
    return items_of(service, body);
  }
  Items items{std::move(upload->images), true, std::move(upload->texts), {}, false, service.images};
  if (upload->labels) items.labels = split_labels(*upload->labels, service.limits);
  if (upload->multilabel) items.multilabel = read_switch(*upload->multilabel, "multilabel");
  if (upload->params) items.options = read_parameters(&*upload->params, service.images).images;
  return items;
}

void add_images(WorkBuilder& work, Items& items) {
  for (std::size_t i = 0; i < items.images.size(); ++i) {
    std::string name = fmt::format("image {}", i + 1);
    if (items.files) {
      work.add_image_bytes(std::move(items.images[i]), std::move(name));
    } else {
      work.add_image(items.images[i], std::move(name));
    }
  }
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

RequestPlan encode(const Service& service, const std::shared_ptr<const ServedModel>& model, Items items) {
  if (items.images.empty() && items.texts.empty()) {
    throw Error(Code::kBadArgument, "images and texts: expected at least one");
  }
  WorkBuilder work(service, model->name, items.options);
  add_images(work, items);
  for (std::size_t i = 0; i < items.texts.size(); ++i) {
    work.add_text(std::move(items.texts[i]), fmt::format("text {}", i + 1));
  }
  return {work.take(), [model, profile = items.options.profile](const Vectors& vectors) {
            std::string text = R"({"image_embeddings":)";
            append_or_null(text, vectors.images);
            text += R"(,"text_embeddings":)";
            append_or_null(text, vectors.texts);
            return model_answer(*model, profile, text + '}');
          }};
}

}  // namespace

RequestPlan parse_predict(const Service& service, HttpRequest request, const PathParameters&) {
  const std::shared_ptr<const ServedModel> model = service.model(query_value(request.query, "model"));
  Items items = take_items(service, request);
  if (items.images.empty()) throw Error(Code::kBadArgument, "images: expected at least one");
  if (!items.texts.empty()) throw Error(Code::kBadArgument, "text: expected labels, and images to score them for");
  check_answer(service.limits, items.images.size(), items.labels);
  WorkBuilder work(service, model->name, items.options);
  for (const std::string& text : classify::prompts_of(items.labels, {"{}"})) work.add_label(text, "a label");
  add_images(work, items);
  const float scale = std::exp(model->logit_scale);
  return {work.take(), [model, labels = std::move(items.labels), multilabel = items.multilabel, scale,
                        profile = items.options.profile](const Vectors& vectors) {
            return model_answer(*model, profile, predictions_json(labels, multilabel, scale, vectors));
          }};
}

RequestPlan parse_encode(const Service& service, HttpRequest request, const PathParameters&) {
  const std::shared_ptr<const ServedModel> model = service.model(query_value(request.query, "model"));
  Json body = json_object(request, service.limits);
  return encode(service, model, items_of(service, body));
}

RequestPlan parse_embed(const Service& service, HttpRequest request, const PathParameters&) {
  const std::shared_ptr<const ServedModel> model = service.model(query_value(request.query, "model"));
  return encode(service, model, take_items(service, request));
}

RequestPlan community_health(const Service& service, HttpRequest, const PathParameters&) {
  HttpResponse answer = readiness(service.ready());
  answer.body = service.ready() ? R"({"status":"healthy"})" : R"({"status":"loading"})";
  return answer_at_once(std::move(answer));
}

}  // namespace mi2::protocols
