#include "protocols/answers.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/numbers.hpp"
#include "protocols/json.hpp"

namespace mi2::protocols {

RequestPlan answer_at_once(HttpResponse answer) {
  RequestPlan plan;
  plan.finish = [answer = std::move(answer)](const Vectors&) { return answer; };
  return plan;
}

RequestPlan json_at_once(const Json& body, HttpResponse answer) {
  answer.body = body.dump();
  return answer_at_once(std::move(answer));
}

HttpResponse readiness(bool ready) {
  HttpResponse answer;
  if (ready) return answer;
  answer.status = 503;
  answer.outcome = "not_ready";
  return answer;
}

void append_vector(std::string& text, std::span<const float> vector) {
  text += '[';
  base::append_numbers(text, vector, ',');
  text += ']';
}

void append_vectors(std::string& text, const EmbeddingMatrix& vectors) {
  text += '[';
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    if (i > 0) text += ',';
    append_vector(text, vectors.row(i));
  }
  text += ']';
}

std::string provenance_json(const ServedModel& model, const ImageOptions& images) {
  const std::string frames = images.frames == FrameSelection{}
                                 ? std::string()
                                 : fmt::format(R"(,"frames":{})", json_string(to_string(images.frames)));
  return fmt::format(R"({{"version":{},"weights_sha256":{},"profile":{},"dtype":{},"instructions":{}{}}})",
                     json_string(model.provenance.version), json_string(model.provenance.weights_sha256),
                     json_string(name_of(images.profile)), json_string(model.provenance.dtype),
                     json_string(model.provenance.instructions), frames);
}

HttpResponse model_answer(const ServedModel& model, Profile profile, std::string body) {
  HttpResponse answer;
  answer.body = std::move(body);
  answer.headers = {
      {"x-mi2-profile", std::string(name_of(profile))}, {"x-mi2-model", model.name},
      {"x-mi2-dtype", model.provenance.dtype},          {"x-mi2-instructions", model.provenance.instructions},
      {"x-mi2-version", model.provenance.version},      {"x-mi2-weights-sha256", model.provenance.weights_sha256}};
  return answer;
}

void add_warnings(std::vector<ImageWarning>& all, const std::string& image, std::span<const std::string> warnings) {
  for (const std::string& warning : warnings) all.push_back({image, warning});
}

void add_warnings_header(HttpResponse& answer, std::span<const ImageWarning> warnings) {
  constexpr std::size_t kMost = 4096;
  std::string text;
  for (std::size_t i = 0; i < warnings.size(); ++i) {
    const std::string one = fmt::format("{}{}: {}", text.empty() ? "" : "; ", warnings[i].image, warnings[i].text);
    if (text.size() + one.size() > kMost) {
      text += fmt::format("; and {} more", warnings.size() - i);
      break;
    }
    text += one;
  }
  if (!text.empty()) answer.headers.emplace_back("x-mi2-warnings", std::move(text));
}

}  // namespace mi2::protocols
