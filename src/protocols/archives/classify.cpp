#include "protocols/archives/classify.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include <mi2/matrix.hpp>

#include "archive/answers.hpp"
#include "archive/relevance.hpp"
#include "base/hash.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "classify/prompts.hpp"
#include "classify/zero_shot.hpp"
#include "protocols/archives/chosen.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"
#include "protocols/classes.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

/// Bytes of a label, and of a template.
constexpr std::size_t kMostBytes = 1000;
constexpr std::size_t kMostTemplates = 100;
/// Places for the label in one template: what a request multiplies.
constexpr std::size_t kMostSlots = 8;

/// By what images are classified.
struct Classes {
  std::vector<std::string> labels;
  std::vector<std::string> templates{"{}"};
  bool multilabel = false;
  std::shared_ptr<const ServedModel> classifier;  ///< null: by the labels' texts
  float scale = 1;                                ///< of logits: that of cosines
};

struct AskedClasses {
  Classes classes;
  std::size_t images = 0;  ///< that are sent
  Chosen chosen;
  Work work;
};

void check_text(const std::string& text, std::string_view name, std::size_t number) {
  if (text.size() <= kMostBytes) return;
  throw Error(Code::kTooLarge,
              fmt::format("{} {}: expected at most {} bytes, got {}", name, number, kMostBytes, text.size()));
}

std::size_t slots_of(std::string_view text) {
  std::size_t slots = 0;
  for (std::size_t at = text.find("{}"); at != std::string_view::npos; at = text.find("{}", at + 2)) ++slots;
  return slots;
}

bool is_classifier(const ServedModel& model, const archive::Format& format) {
  return model.kind != ModelKind::kEmbedding && model.ready &&
         model.provenance.weights_sha256 == format.space.weights_sha256;
}

/// Labels as texts, within limits before they are multiplied.
void read_labels(Json& body, const Limits& limits, Classes& classes) {
  classes.labels = take_strings(member(body, "labels"), "labels");
  if (Json* const templates = member(body, "templates")) classes.templates = take_strings(templates, "templates");
  for (std::size_t i = 0; i < classes.labels.size(); ++i) check_text(classes.labels[i], "labels", i + 1);
  for (std::size_t i = 0; i < classes.templates.size(); ++i) {
    check_text(classes.templates[i], "templates", i + 1);
    if (slots_of(classes.templates[i]) > kMostSlots) {
      throw Error(Code::kTooLarge,
                  fmt::format("templates {}: expected at most {} places for the label", i + 1, kMostSlots));
    }
  }
  if (classes.templates.size() > kMostTemplates) {
    throw Error(Code::kTooLarge,
                fmt::format("templates: expected at most {}, got {}", kMostTemplates, classes.templates.size()));
  }
  if (classes.labels.size() * classes.templates.size() > limits.labels) {
    throw Error(Code::kTooLarge, fmt::format("labels: expected at most {} with their templates, got {}", limits.labels,
                                             classes.labels.size() * classes.templates.size()));
  }
  if (classes.labels.size() == 1 && !classes.multilabel) {
    throw Error(Code::kBadArgument, "labels: one alone always scores 1; expected two or more, or multilabel");
  }
}

Classes read_classes(const Service& service, const archive::Format& format, Json& body) {
  Classes classes;
  classes.multilabel = read_switch(body, "multilabel");
  Json* const name = member(body, "classifier");
  if (name == nullptr) {
    read_labels(body, service.limits, classes);
    return classes;
  }
  if (member(body, "labels") != nullptr || member(body, "templates") != nullptr) {
    throw Error(Code::kBadArgument, "classifier: expected it, or labels and templates, got both");
  }
  const auto found = service.models.find(take_string(*name, "classifier"));
  if (found == service.models.end() || !is_classifier(*found->second, format)) {
    throw Error(Code::kBadArgument,
                "classifier: expected one of the archive's classifiers; GET /v1/archives/{archive} "
                "lists them");
  }
  classes.classifier = found->second;
  classes.labels = classes.classifier->labels;
  return classes;
}

/// Texts of labels first, then images: of one model, in one pass each.
Work read_work(const Service& service, const archive::Format& format, Json& body, AskedClasses& asked) {
  Json* const images = member(body, "image");
  if (images == nullptr && asked.classes.classifier) return {};
  const std::shared_ptr<const ServedModel> model =
      asked.classes.classifier ? asked.classes.classifier : find_model(service, format);
  if (!model) {
    throw Error(Code::kBadArgument,
                "labels, image: expected a server with the model of the archive's weights, got one of others; GET "
                "/info lists them");
  }
  asked.classes.scale = std::exp(model->logit_scale);
  WorkBuilder work(service, model->name, archive::options_of(format.space, service.images));
  if (!asked.classes.classifier) {
    for (std::string& text : classify::prompts_of(asked.classes.labels, asked.classes.templates)) {
      work.add_label(std::move(text), "a label");
    }
  }
  if (images == nullptr) return work.take();
  if (!images->is_array()) {
    work.add_image(take_string(*images, "image"), "image");
  } else {
    if (images->empty()) throw Error(Code::kBadArgument, "image: is empty");
    for (Json& one : *images) {
      const std::string name = fmt::format("image {}", ++asked.images);
      work.add_image(take_string(one, name), name);
    }
  }
  asked.images = std::max<std::size_t>(asked.images, 1);
  return work.take();
}

/// Scores of vectors, as JSON.
class Scorer {
 public:
  Scorer(const Classes& classes, const EmbeddingMatrix& texts, archive::Background background)
      : classes_(classes), background_(std::move(background)) {
    if (!classes.classifier) directions_ = classify::label_directions(texts, classes.templates.size());
  }

  /// "label": .., "scores": [..], "cosine": .., "percentile": .., "verdict": .., without braces.
  [[nodiscard]] std::string scores_json(std::span<const float> vector) const {
    const std::vector<double> logits = classes_.classifier
                                           ? logits_of(*classes_.classifier, vector)
                                           : classify::similarity_logits(vector, directions_, classes_.scale);
    const auto best = static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    std::string text = fmt::format(R"("label": {}, "scores": [)", base::json_string(classes_.labels.at(best)));
    for (const double score : classify::probabilities(logits, classes_.multilabel)) {
      if (!text.ends_with('[')) text += ", ";
      base::append_number(text, score);
    }
    text += ']';
    if (!classes_.classifier) add_verdict(logits[best] / static_cast<double>(classes_.scale), text);
    return text;
  }

 private:
  void add_verdict(double cosine, std::string& text) const {
    text += R"(, "cosine": )";
    base::append_number(text, cosine);
    const std::optional<archive::Judgement> judged = background_.judge(archive::Nature::kText, cosine);
    if (!judged) return;
    text += R"(, "percentile": )";
    base::append_number(text, judged->percentile);
    text += fmt::format(R"(, "verdict": "{}")", name_of(judged->verdict));
  }

  const Classes& classes_;
  archive::Background background_;
  EmbeddingMatrix directions_;
};

std::string head_json(const Classes& classes, std::size_t chosen, std::size_t shown, std::int64_t snapshot) {
  return fmt::format(R"({{"labels": {}, "multilabel": {}, "chosen": {}, "snapshot": {}, "more": {}, "results": [)",
                     base::json_strings(classes.labels), classes.multilabel, chosen, snapshot, shown < chosen);
}

std::string classify_rows(archive::Reader& reader, const Right& right, const AskedClasses& asked, const Limits& limits,
                          const Vectors& vectors, const std::stop_token& stop, ArchiveRecord& record) {
  const std::vector<ChosenRow> rows = chosen_rows(reader, right, asked.chosen, "classify");
  const std::size_t shown = asked.chosen.items.empty() ? std::min(asked.chosen.limit, rows.size()) : rows.size();
  check_answer(limits, shown, asked.classes.labels);
  const Scorer scorer(asked.classes, vectors.texts, archive::Background(reader.catalog()));
  std::string text = head_json(asked.classes, rows.size(), shown, reader.sequence());
  for (std::size_t i = 0; i < shown; ++i) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "classify: stopped");
    text += fmt::format("{}{{{}, {}}}", i > 0 ? ", " : "", archive::item_json(reader.item(rows[i].row), right.paths),
                        scorer.scores_json(reader.row(rows[i].row, rows[i].crc)));
  }
  reader.check();
  record.searched = rows.size();
  record.found = shown;
  return text + "]}";
}

std::string classify_images(archive::Reader& reader, const AskedClasses& asked, const Vectors& vectors,
                            ArchiveRecord& record) {
  const Scorer scorer(asked.classes, vectors.texts, archive::Background(reader.catalog()));
  std::string text = head_json(asked.classes, vectors.images.rows(), vectors.images.rows(), reader.sequence());
  for (std::size_t i = 0; i < vectors.images.rows(); ++i) {
    text += fmt::format(R"({}{{"file": {}, {}}})", i > 0 ? ", " : "", i + 1, scorer.scores_json(vectors.images.row(i)));
  }
  record.found = vectors.images.rows();
  return text + "]}";
}

}  // namespace

std::vector<std::string> classifiers_of(const Service& service, const Asked& asked) {
  std::vector<std::string> names;
  for (const auto& [name, model] : service.models) {
    if (is_classifier(*model, asked.served->format())) names.push_back(name);
  }
  return names;
}

RequestPlan classify(const Service& service, const Asked& asked, HttpRequest request) {
  static const std::vector<std::string> kMembers{"labels", "templates", "multilabel", "classifier", "image",
                                                 "items",  "where",     "by",         "limit"};
  Json body = json_object(request, service.limits);
  check_members(body, "body", kMembers);
  const archive::Format& format = asked.served->format();
  RequestPlan plan;
  plan.archive = record_of(asked);
  plan.archive->action = "classify";
  plan.archive->query = asked.served->query_name(body.dump(-1, ' ', true, Json::error_handler_t::replace));
  const auto wanted = std::make_shared<AskedClasses>();
  wanted->classes = read_classes(service, format, body);
  wanted->chosen = read_chosen(body, asked.right, member(body, "image") != nullptr);
  plan.work = read_work(service, format, body, *wanted);
  check_answer(service.limits, wanted->images, wanted->classes.labels);
  plan.stop.emplace();
  plan.archive->parts = wanted->classes.labels.size();
  plan.archive->k = wanted->chosen.limit;
  const bool sent = wanted->images > 0;
  // What is sent asks the archive for nothing but its background.
  plan.apart = sent ? Apart::kLook : Apart::kJudge;
  plan.finish = [asked, wanted, sent, limits = service.limits, record = plan.archive,
                 stop = plan.stop->get_token()](const Vectors& vectors) {
    HttpResponse answer;
    guarded(*record, stop, [&] {
      if (stop.stop_requested()) throw Error(Code::kInternal, "classify: stopped");
      if (sent) {
        asked.served->look([&](archive::Reader& reader) {
          note(*record, reader);
          answer.body = classify_images(reader, *wanted, vectors, *record);
        });
        return;
      }
      asked.served->judge([&](archive::Reader& reader, base::ThreadPool&) {
        note(*record, reader);
        answer.body = classify_rows(reader, asked.right, *wanted, limits, vectors, stop, *record);
      });
    });
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
