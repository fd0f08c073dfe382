// Embeddings as OpenAI's clients ask for them.
// Source: https://platform.openai.com/docs/api-reference/embeddings, with "modality" of our own for images.

#include <bit>
#include <cmath>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/base64.hpp"
#include "protocols/answers.hpp"
#include "protocols/json.hpp"
#include "protocols/parsers.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols {
namespace {

struct EmbeddingsRequest {
  std::shared_ptr<const ServedModel> model;
  Profile profile = Profile::kRaw;
  std::vector<bool> is_image;  ///< of each input
  std::size_t dimensions = 0;
  std::size_t tokens = 0;  ///< of the texts
  bool base64 = false;
};

/// One of `choices`, the first if there is none.
std::string choice(Json& body, const char* key, std::span<const std::string_view> choices) {
  Json* value = member(body, key);
  if (value == nullptr) return std::string(choices.front());
  for (const std::string_view known : choices) {
    if (*value == known) return std::string(known);
  }
  throw Error(Code::kBadArgument, fmt::format("{}: expected one of {}", key, fmt::join(choices, ", ")));
}

std::size_t read_dimensions(Json* value, int most) {
  if (value == nullptr) return static_cast<std::size_t>(most);
  if (!value->is_number_integer() || *value < 1 || *value > most) {
    throw Error(Code::kBadArgument, fmt::format("dimensions: expected a whole number from 1 to {}", most));
  }
  return value->get<std::size_t>();
}

/// Some clients tokenize with OpenAI's own vocabularies, whose ids mean nothing here.
void refuse_tokens(const Json& item) {
  const bool ids = item.is_number() || (item.is_array() && !item.empty() && item.front().is_number());
  if (!ids) return;
  throw Error(Code::kBadArgument,
              "input: token ids are not read, since they are those of another model; expected a string or an array of "
              "strings (LangChain's OpenAIEmbeddings: check_embedding_ctx_length=False)");
}

/// The strings of `input`: one, or a list of them.
std::vector<std::string> take_inputs(Json& body) {
  Json* input = member(body, "input");
  if (input == nullptr) throw Error(Code::kBadArgument, "input: is missing");
  std::vector<std::string> inputs;
  if (input->is_string()) {
    inputs.push_back(take_string(*input, "input"));
    return inputs;
  }
  if (!input->is_array()) refuse_kind(*input, "input", "a string or an array of strings");
  for (const Json& item : *input) refuse_tokens(item);
  for (Json& item : *input) inputs.push_back(take_string(item, fmt::format("input {}", inputs.size() + 1)));
  if (inputs.empty()) throw Error(Code::kBadArgument, "input: is empty");
  return inputs;
}

/// The first numbers of a unit vector, as a unit vector again.
std::vector<float> shortened(std::span<const float> vector, std::size_t dimensions) {
  const bool whole = dimensions >= vector.size();
  if (!whole) vector = vector.first(dimensions);
  std::vector<float> result(vector.begin(), vector.end());
  if (whole) return result;
  const double norm = std::sqrt(std::inner_product(result.begin(), result.end(), result.begin(), 0.0));
  for (float& value : result) value = norm > 0 ? static_cast<float>(value / norm) : 0.0F;
  return result;
}

void append_embedding(std::string& text, std::span<const float> vector, bool base64) {
  static_assert(std::endian::native == std::endian::little, "base64 vectors are little-endian f32");
  if (!base64) {
    append_vector(text, vector);
    return;
  }
  text += '"';
  text += base::base64_encode(std::as_bytes(vector));
  text += '"';
}

std::string embeddings_json(const EmbeddingsRequest& request, const Vectors& vectors) {
  std::string text = R"({"object":"list","data":[)";
  std::size_t images = 0;
  std::size_t texts = 0;
  for (std::size_t i = 0; i < request.is_image.size(); ++i) {
    const auto vector = request.is_image[i] ? vectors.images.row(images++) : vectors.texts.row(texts++);
    text += i > 0 ? R"(,{"object":"embedding","embedding":)" : R"({"object":"embedding","embedding":)";
    append_embedding(text, shortened(vector, request.dimensions), request.base64);
    text += fmt::format(R"(,"index":{}}})", i);
  }
  return text + fmt::format(R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
                            json_string(request.model->name), request.tokens, request.tokens);
}

Json model_json(const ServedModel& model) {
  return {{"id", model.name}, {"object", "model"}, {"created", model.created}, {"owned_by", "mi2"}};
}

}  // namespace

RequestPlan parse_embeddings(const Service& service, HttpRequest request, const PathParameters&) {
  Json body = json_object(request, service.limits);
  Json* name = member(body, "model");
  auto asked = std::make_shared<EmbeddingsRequest>();
  asked->model = service.model(name == nullptr ? std::string{} : take_string(*name, "model"));
  asked->profile = service.images.profile;
  asked->dimensions = read_dimensions(member(body, "dimensions"), asked->model->dimensions);
  constexpr std::string_view kEncodings[] = {"float", "base64"};
  constexpr std::string_view kModalities[] = {"", "text", "image"};
  asked->base64 = choice(body, "encoding_format", kEncodings) == "base64";
  const std::string modality = choice(body, "modality", kModalities);
  WorkBuilder work(service, asked->model->name, service.images);
  for (std::string& input : take_inputs(body)) {
    const std::string item = fmt::format("input {}", asked->is_image.size() + 1);
    // Without a modality, base64 in a data URI is an image: nobody wants its letters embedded.
    const bool is_image = modality == "image" || (modality.empty() && base::is_data_uri(input));
    asked->is_image.push_back(is_image);
    if (is_image) {
      work.add_image(input, item);
      continue;
    }
    if (input.empty()) throw Error(Code::kBadArgument, fmt::format("{}: is empty", item));
    work.add_text(std::move(input), item);
  }
  asked->tokens = work.tokens();
  return {work.take(), [asked](const Vectors& vectors) {
            return model_answer(*asked->model, asked->profile, embeddings_json(*asked, vectors));
          }};
}

RequestPlan openai_models(const Service& service, HttpRequest, const PathParameters&) {
  Json data = Json::array();
  for (const auto& [name, model] : service.models) data.push_back(model_json(*model));
  HttpResponse answer;
  answer.body = Json{{"object", "list"}, {"data", std::move(data)}}.dump();
  return answer_at_once(std::move(answer));
}

RequestPlan openai_model(const Service& service, HttpRequest, const PathParameters& parameters) {
  const auto found = service.models.find(parameters.at(0));
  if (found == service.models.end()) throw Error(Code::kNotFound, "no model of this name; GET /v1/models lists them");
  HttpResponse answer;
  answer.body = model_json(*found->second).dump();
  return answer_at_once(std::move(answer));
}

}  // namespace mi2::protocols
