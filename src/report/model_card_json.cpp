#include <nlohmann/json.hpp>

#include "report/card_uses.hpp"
#include "report/json_values.hpp"
#include "report/model_card.hpp"
#include "report/version.hpp"

namespace mi2::report {
namespace {

using CardJson = nlohmann::ordered_json;

CardJson facts_json(const Facts& facts) {
  CardJson json = CardJson::object();
  for (const auto& [name, value] : facts) json[name] = value;
  return json;
}

CardJson uses_json(std::span<const Use> uses) {
  CardJson json = CardJson::array();
  for (const Use& use : uses) json.push_back({{"what", use.what}, {"source", use.source}});
  return json;
}

CardJson shown_json(const evaluation::Figure& figure) {
  CardJson json{{"value", or_null(figure.value)}, {"interval", or_null(figure.interval)}};
  if (!figure.why.empty()) json["why"] = figure.why;
  return json;
}

CardJson groups_json(const CardAttribute& attribute) {
  CardJson json{{"attribute", attribute.name}, {"metric", attribute.metric}, {"worst", attribute.worst}};
  json["gap"] = shown_json(attribute.gap);
  json["groups"] = CardJson::array();
  for (const CardGroup& group : attribute.groups) {
    json["groups"].push_back({{"group", group.name},
                              {"rows", group.rows},
                              {"too_few", group.too_few},
                              {"metric", shown_json(group.metric)}});
  }
  return json;
}

CardJson evaluation_json(const CardEvaluation& found) {
  CardJson json{{"title", found.title}, {"task", found.task},   {"scores", found.scores},
                {"rows", found.rows},   {"level", found.level}, {"weights_sha256", nullptr}};
  if (!found.weights_sha256.empty()) json["weights_sha256"] = found.weights_sha256;
  json["patients"] = found.patients ? CardJson(*found.patients) : CardJson(nullptr);
  json["figures"] = CardJson::object();
  for (const CardFigure& figure : found.figures) {
    json["figures"][figure.key] = shown_json(figure.figure);
    json["figures"][figure.key]["name"] = figure.name;
    json["figures"][figure.key]["method"] = figure.method;
  }
  json["labels"] = CardJson::array();
  for (const CardLabel& label : found.labels) {
    json["labels"].push_back({{"label", label.name}, {"positives", label.positives}, {"auc", shown_json(label.auc)}});
  }
  json["attributes"] = CardJson::array();
  for (const CardAttribute& attribute : found.attributes) json["attributes"].push_back(groups_json(attribute));
  json["warnings"] = found.warnings;
  return json;
}

}  // namespace

std::string to_json(const ModelCard& card) {
  CardJson json{{"version", std::string(kVersion)}, {"research_use_only", true}, {"name", card.name}};
  json["licence"] = card.licence.empty() ? CardJson(nullptr) : CardJson(card.licence);
  json["authors"] = card.authors.empty() ? CardJson(nullptr) : CardJson(card.authors);
  json["weights_sha256"] = card.weights_sha256;
  json["published_shape"] = card.published;
  json["model"] = facts_json(card.model);
  json["training_data"] = facts_json(card.data);
  json["training"] = facts_json(card.training);
  json["evaluations"] = CardJson::array();
  for (const CardEvaluation& found : card.evaluations) json["evaluations"].push_back(evaluation_json(found));
  json["energy"] = CardJson::array();
  for (const CardEnergy& one : card.energy) {
    json["energy"].push_back({{"of", one.of}, {"account", CardJson::parse(one.account)}});
  }
  json["intended_uses"] = uses_json(intended_uses());
  json["excluded_uses"] = uses_json(excluded_uses());
  json["limitations"] = {{"of_this_model", card.limits}, {"of_its_kind", uses_json(known_limits())}};
  json["to_be_filled_by_the_authors"] = asked_of_authors();
  return json.dump(1, ' ', false, CardJson::error_handler_t::replace) + '\n';
}

}  // namespace mi2::report
