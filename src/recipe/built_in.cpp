// The recipes and label texts that are part of the program.

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/table.hpp"
#include "recipe/recipe.hpp"
#include "yaml/scalars.hpp"

extern "C" {
extern const char mi2_recipe_list[];
extern const char mi2_recipe_list_end[];
extern const char mi2_recipe_label_texts[];
extern const char mi2_recipe_label_texts_end[];
extern const char mi2_recipe_fine_tuning[];
extern const char mi2_recipe_fine_tuning_end[];
extern const char mi2_recipe_figures[];
extern const char mi2_recipe_figures_end[];
}

namespace mi2::recipe {
namespace {

std::map<std::string, Recipe> read_all() {
  constexpr std::string_view kMark = "%file ";  // as cmake/mi2_bundle.cmake writes
  std::map<std::string, Recipe> recipes;
  std::string_view rest(mi2_recipe_list, static_cast<std::size_t>(mi2_recipe_list_end - mi2_recipe_list));
  while (rest.starts_with(kMark)) {
    const std::size_t line = rest.find('\n');
    const std::string name(rest.substr(kMark.size(), line - kMark.size()));
    rest.remove_prefix(line + 1);
    const std::string_view text = rest.substr(0, rest.find(fmt::format("\n{}", kMark)));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    recipes.emplace(name, parse_recipe(text, name, fmt::format("evaluation/datasets/{}.yaml", name)));
  }
  return recipes;
}

}  // namespace

const std::map<std::string, Recipe>& built_in_recipes() {
  static const std::map<std::string, Recipe> recipes = read_all();
  return recipes;
}

const std::vector<TrainingSetting>& usual_fine_tuning() {
  static const std::vector<TrainingSetting> settings = parse_fine_tuning(
      {mi2_recipe_fine_tuning, static_cast<std::size_t>(mi2_recipe_fine_tuning_end - mi2_recipe_fine_tuning)},
      "evaluation/fine_tuning.yaml");
  return settings;
}

const std::vector<Benchmark>& other_figures() {
  static const std::vector<Benchmark> figures = [] {
    const base::Table table =
        base::Table::parse({mi2_recipe_figures, static_cast<std::size_t>(mi2_recipe_figures_end - mi2_recipe_figures)},
                           "evaluation/figures.csv");
    const auto column = [&table](std::string_view name) { return table.need(std::span(&name, 1)); };
    std::vector<Benchmark> found;
    for (const base::CsvRow& row : table.rows()) {
      Benchmark figure;
      figure.name = row.fields[column("task")];
      figure.model = row.fields[column("model")];
      figure.way = row.fields[column("way")];
      figure.metric = row.fields[column("metric")];
      figure.value = yaml::to_number(row.fields[column("value")]).value();
      if (const auto rows = yaml::to_number(row.fields[column("rows")]))
        figure.rows = static_cast<std::uint64_t>(*rows);
      figure.note = row.fields[column("source")];
      found.push_back(std::move(figure));
    }
    return found;
  }();
  return figures;
}

const std::vector<std::string>& label_texts() {
  static const std::vector<std::string> texts = [] {
    const base::Table table = base::Table::parse(
        {mi2_recipe_label_texts, static_cast<std::size_t>(mi2_recipe_label_texts_end - mi2_recipe_label_texts)},
        "evaluation/label_texts.csv");
    const std::size_t column = table.need(std::array<std::string_view, 1>{"text"});
    std::vector<std::string> found;
    for (const base::CsvRow& row : table.rows()) found.push_back(row.fields[column]);
    return found;
  }();
  return texts;
}

}  // namespace mi2::recipe
