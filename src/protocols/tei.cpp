// POST /embed as Hugging Face's Text Embeddings Inference answers it.
// Source: https://huggingface.github.io/text-embeddings-inference (openapi.json of 1.8).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/base64.hpp"
#include "base/table.hpp"
#include "protocols/answers.hpp"
#include "protocols/json.hpp"
#include "protocols/parsers.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols {
namespace {

/// One text or image, or a list of them.
std::vector<std::string> take_inputs(Json& body) {
  Json* inputs = member(body, "inputs");
  if (inputs == nullptr) throw Error(Code::kBadArgument, "inputs: is missing");
  std::vector<std::string> taken;
  if (inputs->is_string()) {
    taken.push_back(take_string(*inputs, "inputs"));
  } else {
    if (!inputs->is_array()) refuse_kind(*inputs, "inputs", "a string or an array of strings");
    for (Json& item : *inputs) taken.push_back(take_string(item, fmt::format("input {}", taken.size() + 1)));
  }
  if (taken.empty()) throw Error(Code::kBadArgument, "inputs: is empty");
  return taken;
}

/// Vectors are of length one, of the model's own size, and of texts as they are: what asks for anything else is
/// refused.
void check_options(Json& body) {
  if (const Json* normalize = member(body, "normalize"); normalize != nullptr && *normalize != true) {
    throw Error(Code::kBadArgument, "normalize: expected true; vectors of this model have length one");
  }
  for (const char* key : {"prompt_name", "dimensions"}) {
    if (member(body, key) != nullptr) throw Error(Code::kBadArgument, fmt::format("{}: is not known here", key));
  }
  Json* const direction = member(body, "truncation_direction");
  if (direction != nullptr && base::lower_ascii(take_string(*direction, "truncation_direction")) != "right") {
    throw Error(Code::kBadArgument, "truncation_direction: expected \"right\"; of a long text the end is cut");
  }
}

/// Whether texts must be read to their end; others are cut.
bool wants_whole(Json& body) {
  const Json* const truncate = member(body, "truncate");
  if (truncate == nullptr) return false;
  if (!truncate->is_boolean()) refuse_kind(*truncate, "truncate", "a boolean");
  return !truncate->get<bool>();
}

}  // namespace

RequestPlan parse_tei_embed(const Service& service, HttpRequest request, const PathParameters&) {
  const std::shared_ptr<const ServedModel> model = service.model(query_value(request.query, "model"));
  Json body = json_object(request, service.limits);
  check_options(body);
  const bool whole = wants_whole(body) && model->is_cut;
  WorkBuilder work(service, model->name, service.images);
  std::vector<bool> is_image;
  for (std::string& input : take_inputs(body)) {
    const std::string name = fmt::format("input {}", is_image.size() + 1);
    if (input.empty()) throw Error(Code::kBadArgument, fmt::format("{}: is empty", name));
    is_image.push_back(base::is_data_uri(input));
    if (is_image.back()) {
      work.add_image(input, name);
    } else if (whole) {
      work.add_text(input, name);
      if (model->is_cut(input)) {
        throw Error(Code::kTooLarge,
                    fmt::format("{}: has more tokens than the model reads, and truncate is false", name));
      }
    } else {
      work.add_text(std::move(input), name);
    }
  }
  return {work.take(),
          [model, is_image = std::move(is_image), profile = service.images.profile](const Vectors& vectors) {
            std::string text = "[";
            std::size_t images = 0;
            std::size_t texts = 0;
            for (const bool image : is_image) {
              if (text.size() > 1) text += ',';
              append_vector(text, image ? vectors.images.row(images++) : vectors.texts.row(texts++));
            }
            return model_answer(*model, profile, text + ']');
          }};
}

}  // namespace mi2::protocols
