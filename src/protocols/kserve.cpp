// The Open Inference Protocol (KServe V2) over HTTP.

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "classify/zero_shot.hpp"
#include "protocols/answers.hpp"
#include "protocols/classes.hpp"
#include "protocols/kserve_tensors.hpp"
#include "protocols/parsers.hpp"

namespace mi2::protocols {
namespace {

/// What a model of each kind can be asked for.
std::vector<std::string_view> output_names(ModelKind kind) {
  if (kind == ModelKind::kEmbedding) return {"image_embeddings", "text_embeddings", "scaling_factor"};
  return {"scores", "labels"};
}

struct InferRequest {
  std::shared_ptr<const ServedModel> model;
  Profile profile = Profile::kRaw;
  std::string id;                                     ///< as JSON text
  std::vector<std::pair<std::string, bool>> outputs;  ///< names asked for, and whether in binary; empty: all there are
  bool binary = false;                                ///< of outputs that say nothing about it
};

/// Whether the bytes are base64 rather than an image. No image mi2 reads starts with four of base64's letters and
/// goes on with nothing else.
bool is_base64_text(std::string_view bytes) {
  constexpr std::string_view kOthers = "+/=\r\n";
  const auto letter = [&](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  };
  return base::is_data_uri(bytes) || std::all_of(bytes.begin(), bytes.end(), letter);
}

void add_images(WorkBuilder& work, BytesTensor& tensor) {
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    std::string& value = tensor.values[i];
    std::string name = fmt::format("image {}", i + 1);
    if (tensor.binary && !is_base64_text(value)) {
      work.add_image_bytes(std::move(value), std::move(name));
    } else {
      work.add_image(value, std::move(name));
    }
  }
}

void add_texts(WorkBuilder& work, BytesTensor& tensor) {
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    const std::string name = fmt::format("text {}", i + 1);
    if (tensor.binary && base::utf8_prefix(tensor.values[i]) != tensor.values[i].size()) {
      throw Error(Code::kBadArgument, fmt::format("{}: is not UTF-8", name));
    }
    work.add_text(std::move(tensor.values[i]), name);
  }
}

Work read_work(const Service& service, const InferRequest& asked, std::vector<BytesTensor> inputs) {
  const bool texts_allowed = asked.model->kind == ModelKind::kEmbedding;
  WorkBuilder work(service, asked.model->name, service.images);
  std::vector<std::string_view> seen;
  for (BytesTensor& input : inputs) {
    const std::size_t number = seen.size() + 1;
    const bool known = input.name == "image" || (input.name == "text" && texts_allowed);
    if (!known) {
      throw Error(Code::kBadArgument, fmt::format("input {}: name: expected {}", number,
                                                  texts_allowed ? "\"image\" or \"text\"" : "\"image\""));
    }
    if (std::find(seen.begin(), seen.end(), input.name) != seen.end()) {
      throw Error(Code::kBadArgument, fmt::format("input {}: is a duplicate", number));
    }
    seen.push_back(input.name);
    input.name == "image" ? add_images(work, input) : add_texts(work, input);
  }
  Work result = work.take();
  if (result.images.empty() && result.texts.empty())
    throw Error(Code::kBadArgument, "inputs: hold no image and no text");
  return result;
}

std::optional<bool> read_flag(Json* parameters, const char* key, std::string_view name) {
  if (parameters == nullptr) return std::nullopt;
  need_object(*parameters, name);
  Json* value = member(*parameters, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) refuse_kind(*value, fmt::format("{}.{}", name, key), "a boolean");
  return value->get<bool>();
}

/// The outputs a request asks for.
void read_outputs(Json& head, InferRequest& asked) {
  asked.binary = read_flag(member(head, "parameters"), "binary_data_output", "parameters").value_or(false);
  Json* outputs = member(head, "outputs");
  if (outputs == nullptr) return;
  const std::vector<std::string_view> known = output_names(asked.model->kind);
  for (Json& output : need_array(*outputs, "outputs")) {
    const std::string where = fmt::format("output {}", asked.outputs.size() + 1);
    Json* name = member(need_object(output, where), "name");
    if (name == nullptr || !name->is_string() ||
        std::find(known.begin(), known.end(), name->get_ref<const std::string&>()) == known.end()) {
      throw Error(Code::kBadArgument, fmt::format("{}: name: expected one of {}", where, fmt::join(known, ", ")));
    }
    const bool binary =
        read_flag(member(output, "parameters"), "binary_data", where + ": parameters").value_or(asked.binary);
    asked.outputs.emplace_back(take_string(*name, where), binary);
  }
}

OutputTensor vectors_tensor(std::string_view name, const EmbeddingMatrix& vectors) {
  return {name, "FP32", {vectors.rows(), vectors.dimensions()}, {vectors.numbers()}, {}, false};
}

/// Scores of every image in the order of the labels.
EmbeddingMatrix label_scores(const ServedModel& model, const EmbeddingMatrix& images) {
  EmbeddingMatrix rows(images.rows(), model.labels.size());
  for (std::size_t i = 0; i < images.rows(); ++i) {
    const std::vector<double> scores = classify::probabilities(logits_of(model, images.row(i)), false);
    std::ranges::transform(scores, rows.row(i).begin(), [](double score) { return static_cast<float>(score); });
  }
  return rows;
}

HttpResponse infer_answer(const InferRequest& asked, std::span<const OutputTensor> all) {
  std::vector<OutputTensor> chosen;
  for (const OutputTensor& tensor : all) {
    const auto same = [&](const auto& output) { return output.first == tensor.name; };
    const auto found = std::find_if(asked.outputs.begin(), asked.outputs.end(), same);
    if (!asked.outputs.empty() && found == asked.outputs.end()) continue;
    chosen.push_back(tensor);
    chosen.back().binary = found == asked.outputs.end() ? asked.binary : found->second;
  }
  TensorAnswer tensors = write_outputs(asked.model->name, asked.id, chosen);
  const std::size_t length = tensors.head.size();
  const bool binary = !tensors.binary.empty();
  HttpResponse answer = model_answer(*asked.model, asked.profile, std::move(tensors.head) + tensors.binary);
  if (binary) {
    answer.content_type = "application/octet-stream";
    answer.headers.emplace_back("inference-header-content-length", std::to_string(length));
  }
  return answer;
}

HttpResponse finish_infer(const InferRequest& asked, const Vectors& vectors) {
  const ServedModel& model = *asked.model;
  std::vector<OutputTensor> tensors;
  if (model.kind != ModelKind::kEmbedding) {
    const EmbeddingMatrix scores = label_scores(model, vectors.images);
    tensors.push_back(vectors_tensor("scores", scores));
    tensors.push_back({"labels", "BYTES", {model.labels.size()}, {}, model.labels, false});
    return infer_answer(asked, tensors);
  }
  if (!vectors.images.empty()) tensors.push_back(vectors_tensor("image_embeddings", vectors.images));
  if (!vectors.texts.empty()) tensors.push_back(vectors_tensor("text_embeddings", vectors.texts));
  const std::array<float, 1> scale{model.logit_scale};
  tensors.push_back({"scaling_factor", "FP32", {1}, {scale}, {}, false});
  return infer_answer(asked, tensors);
}

Json tensor_json(std::string_view name, std::string_view datatype, std::vector<int> shape) {
  return {{"name", name}, {"datatype", datatype}, {"shape", std::move(shape)}};
}

/// A path may name the version, of which each model has one.
void check_kserve_version(const PathParameters& parameters) {
  if (parameters.size() > 1 && parameters[1] != "1") {
    throw Error(Code::kNotFound, "no such version of the model; expected 1");
  }
}

const ServedModel& listed_model(const Service& service, const PathParameters& parameters) {
  check_kserve_version(parameters);
  const auto found = service.models.find(parameters.at(0));
  if (found == service.models.end()) throw Error(Code::kNotFound, "no model of this name; GET /v1/models lists them");
  return *found->second;
}

}  // namespace

RequestPlan parse_infer(const Service& service, HttpRequest request, const PathParameters& parameters) {
  check_kserve_version(parameters);
  auto asked = std::make_shared<InferRequest>();
  asked->model = service.model(parameters.at(0));
  asked->profile = service.images.profile;
  std::string binary = cut_binary(request);
  Json head = json_object(request, service.limits);
  if (Json* id = member(head, "id")) {
    if (!id->is_string()) refuse_kind(*id, "id", "a string");
    asked->id = id->dump();
  }
  read_outputs(head, *asked);
  std::vector<BytesTensor> inputs = read_inputs(head, std::move(binary), service.limits);
  Work work = read_work(service, *asked, std::move(inputs));
  check_answer(service.limits, work.images.size(), asked->model->labels);
  return {std::move(work), [asked](const Vectors& vectors) { return finish_infer(*asked, vectors); }};
}

RequestPlan kserve_server(const Service&, HttpRequest, const PathParameters&) {
  return json_at_once({{"name", "mi2"}, {"version", version()}, {"extensions", {"binary_tensor_data"}}});
}

RequestPlan kserve_live(const Service&, HttpRequest, const PathParameters&) { return json_at_once({{"live", true}}); }

RequestPlan kserve_ready(const Service& service, HttpRequest, const PathParameters&) {
  return json_at_once({{"ready", service.ready()}}, readiness(service.ready()));
}

RequestPlan kserve_model(const Service& service, HttpRequest, const PathParameters& parameters) {
  const ServedModel& model = listed_model(service, parameters);
  Json inputs = Json::array({tensor_json("image", "BYTES", {-1})});
  Json outputs = Json::array();
  if (model.kind == ModelKind::kEmbedding) {
    inputs.push_back(tensor_json("text", "BYTES", {-1}));
    outputs.push_back(tensor_json("image_embeddings", "FP32", {-1, model.dimensions}));
    outputs.push_back(tensor_json("text_embeddings", "FP32", {-1, model.dimensions}));
    outputs.push_back(tensor_json("scaling_factor", "FP32", {1}));
  } else {
    const int labels = static_cast<int>(model.labels.size());
    outputs.push_back(tensor_json("scores", "FP32", {-1, labels}));
    outputs.push_back(tensor_json("labels", "BYTES", {labels}));
  }
  return json_at_once({{"name", model.name},
                       {"versions", {"1"}},
                       {"platform", "mi2"},
                       {"inputs", std::move(inputs)},
                       {"outputs", std::move(outputs)}});
}

RequestPlan kserve_model_ready(const Service& service, HttpRequest, const PathParameters& parameters) {
  const ServedModel& model = listed_model(service, parameters);
  return json_at_once({{"name", model.name}, {"ready", model.ready}}, readiness(model.ready));
}

}  // namespace mi2::protocols
