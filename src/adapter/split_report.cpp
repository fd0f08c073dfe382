#include "adapter/split_report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"

namespace mi2::adapter {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson part_json(const Part& part, bool grouped) {
  OrderedJson json = OrderedJson::object();
  json["rows"] = part.rows;
  if (grouped) json["groups"] = part.groups;
  return json;
}

std::string part_text(const Part& part) {
  return part.groups > 0 ? fmt::format("{} rows of {} groups", part.rows, part.groups)
                         : fmt::format("{} rows", part.rows);
}

}  // namespace

OrderedJson split_json(const Splitting& split, const std::vector<std::string>& labels) {
  const bool grouped = !split.grouped_by.empty();
  OrderedJson json{{"by", grouped ? "group" : "row"}, {"column", nullptr}};
  if (grouped) json["column"] = split.grouped_by;
  json["train"] = part_json(split.train, grouped);
  json["chosen_on"] = part_json(split.held_out, grouped);
  json["test"] = part_json(split.test, grouped);
  json["folds"] = OrderedJson::array();
  for (const Part& fold : split.folds) json["folds"].push_back(part_json(fold, grouped));
  json["unjudged"] = OrderedJson::object();
  for (std::size_t c = 0; c < split.unjudged.size(); ++c) {
    if (split.unjudged[c] > 0) json["unjudged"][labels[c]] = split.unjudged[c];
  }
  json["in_several_parts"] = part_json(split.shared, grouped);
  json["nearly_equal"] = nullptr;
  if (!grouped) json["nearly_equal"] = {{"rows", split.near_equal.found}, {"of", split.near_equal.looked_at}};
  return json;
}

std::string split_text(const Splitting& split, std::string_view held_out, std::string_view what) {
  std::string text = split.grouped_by.empty()
                         ? std::string("split by row, each on its own")
                         : fmt::format("split by '{}', whose rows stay together", base::printable(split.grouped_by));
  text += fmt::format(": trained on {}", part_text(split.train));
  if (!split.folds.empty()) text += fmt::format(", {} folds", split.folds.size());
  text += fmt::format("; {} from {} ({})", what, part_text(split.held_out), held_out);
  if (split.test.rows > 0) text += fmt::format("; test {}", part_text(split.test));
  return text + '\n';
}

}  // namespace mi2::adapter
