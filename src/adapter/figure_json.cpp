#include "adapter/figure_json.hpp"

#include <nlohmann/json.hpp>

namespace mi2::adapter {
namespace {

using OrderedJson = nlohmann::ordered_json;

}  // namespace

OrderedJson figure_json(const evaluation::Figure& figure) {
  OrderedJson json{{"value", nullptr}, {"low", nullptr}, {"high", nullptr}};
  if (figure.value) json["value"] = *figure.value;
  if (figure.interval) {
    json["low"] = figure.interval->low;
    json["high"] = figure.interval->high;
  }
  return json;
}

OrderedJson class_json(const evaluation::ClassFigures& figures) {
  return {{"precision", figures.precision}, {"recall", figures.recall}, {"f1", figures.f1}};
}

OrderedJson averages_json(const evaluation::Averages& averages) {
  return {{"macro", class_json(averages.macro)}, {"micro", class_json(averages.micro)}};
}

OrderedJson f1_json(const std::optional<double>& threshold, const evaluation::ClassFigures& figures) {
  if (!threshold) return nullptr;
  OrderedJson json = OrderedJson::object();
  json["threshold"] = *threshold;
  json.update(class_json(figures));
  return json;
}

}  // namespace mi2::adapter
