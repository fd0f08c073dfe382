#include "dataset_figures.hpp"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/csv.hpp"
#include "recipe/recipe.hpp"

namespace mi2::cli {
namespace {

constexpr std::string_view kPublishedModel = "MedImageInsight";
constexpr std::string_view kPublishedTable = "the published table of MedImageInsight";

/// @param dataset  of mi2 dataset list; empty: there is none of this figure's data.
nlohmann::ordered_json row_of(std::string_view dataset, const recipe::Benchmark& figure, std::string_view source,
                              std::string_view note) {
  return {{"dataset", dataset},
          {"task", figure.name},
          {"model", figure.model.empty() ? kPublishedModel : std::string_view(figure.model)},
          {"way", figure.way},
          {"metric", figure.metric},
          {"label", figure.label},
          {"value", figure.value},
          {"rows", figure.rows ? nlohmann::ordered_json(*figure.rows) : nlohmann::ordered_json(nullptr)},
          {"source", source},
          {"note", note}};
}

nlohmann::ordered_json all_figures() {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const auto& [name, recipe] : recipe::built_in_recipes()) {
    for (const recipe::Benchmark& figure : recipe.benchmarks) {
      // A figure of our own starter model has its source as the note, as others have.
      const bool is_published = figure.model.empty();
      all.push_back(row_of(name, figure, is_published ? kPublishedTable : std::string_view(figure.note),
                           is_published ? std::string_view(figure.note) : ""));
    }
    for (const recipe::Benchmark& figure : recipe.others) all.push_back(row_of(name, figure, figure.note, ""));
  }
  for (const recipe::Benchmark& figure : recipe::other_figures()) all.push_back(row_of("", figure, figure.note, ""));
  return all;
}

std::string cell_of(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::string figures_text(const std::string& format) {
  const nlohmann::ordered_json all = all_figures();
  if (format == "json") return all.dump(2) + "\n";
  std::string text;
  if (format == "csv") {
    for (const auto& [key, value] : all.front().items()) text += (text.empty() ? "" : ",") + key;
    text += '\n';
    for (const auto& row : all) {
      std::string line;
      for (const auto& [key, value] : row.items()) {
        if (key != all.front().begin().key()) line += ',';
        line += base::csv_field(cell_of(value));
      }
      text += line + '\n';
    }
    return text;
  }
  text =
      fmt::format("{:<18} {:<52} {:<18} {:<22} {:>6}  {}\n", "dataset", "task", "model", "metric", "value", "source");
  for (const auto& row : all) {
    std::string metric = cell_of(row["metric"]);
    if (const std::string label = cell_of(row["label"]); !label.empty()) metric += " of " + label;
    text += fmt::format("{:<18} {:<52} {:<18} {:<22} {:>6}  {}\n", cell_of(row["dataset"]), cell_of(row["task"]),
                        cell_of(row["model"]), metric, cell_of(row["value"]), cell_of(row["source"]));
  }
  return text;
}

}  // namespace mi2::cli
