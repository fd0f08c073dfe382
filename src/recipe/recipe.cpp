#include "recipe/recipe.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/nearest.hpp"
#include "base/quotes.hpp"
#include "yaml/value.hpp"

namespace mi2::recipe {
namespace {

using yaml::Value;

constexpr std::uint64_t kMaxRecipeBytes = 1U << 20;
constexpr std::int64_t kMostRows = 1'000'000'000;

/// What a key of a map does with its value.
struct Key {
  std::string_view name;
  std::function<void(const Value&)> read;
  bool required = false;
};

/// Reads a map of known keys.
void read_keys(const Value& map, const std::vector<Key>& keys) {
  std::set<std::string, std::less<>> seen;
  for (const auto& [name, value] : map.entries()) {
    bool known = false;
    for (const Key& key : keys) {
      if (key.name != name) continue;
      key.read(value);
      known = true;
    }
    if (!known) {
      std::vector<std::string> names;
      for (const Key& key : keys) names.emplace_back(key.name);
      value.fail(fmt::format("is no key here; expected {}", fmt::join(names, ", ")));
    }
    seen.insert(name);
  }
  for (const Key& key : keys) {
    if (key.required && !seen.contains(key.name)) map.fail(fmt::format("lacks the key '{}'", key.name));
  }
}

auto text_into(std::string& out) {
  return [&out](const Value& value) { out = value.short_text(); };
}

/// A list of words, or a single one.
std::vector<std::string> words_of(const Value& value) {
  if (value.node().IsScalar()) return {value.short_text()};
  std::vector<std::string> found;
  for (const Value& item : value.items()) found.push_back(item.short_text());
  return found;
}

auto words_into(std::vector<std::string>& out) {
  return [&out](const Value& value) { out = words_of(value); };
}

auto map_into(Words& out) {
  return [&out](const Value& value) {
    for (const auto& [key, item] : value.entries()) out.emplace_back(key, item.is_null() ? "" : item.short_text());
  };
}

template <typename Enum>
auto choice_into(Enum& out, std::vector<std::pair<std::string_view, Enum>> choices) {
  return [&out, choices = std::move(choices)](const Value& value) {
    const std::string text = value.short_text();
    std::vector<std::string_view> names;
    for (const auto& [name, meaning] : choices) {
      names.push_back(name);
      if (name == text) {
        out = meaning;
        return;
      }
    }
    value.fail(fmt::format("is {}, expected {}", base::in_quotes(text), fmt::join(names, " or ")));
  };
}

std::uint64_t count_of(const Value& value) { return static_cast<std::uint64_t>(value.integer(0, kMostRows)); }

auto counts_into(std::vector<std::pair<std::string, std::uint64_t>>& out) {
  return [&out](const Value& value) {
    for (const auto& [key, item] : value.entries()) out.emplace_back(key, count_of(item));
  };
}

std::vector<Key> source_keys(Source& source) {
  return {{"table", words_into(source.table)},
          {"files", words_into(source.patterns)},
          {"optional", [&source](const Value& value) { source.optional = value.flag(); }},
          {"short_rows", [&source](const Value& value) { source.short_rows = value.flag(); }},
          {"delimiter",
           [&source](const Value& value) {
             const std::string text = value.short_text();
             if (text.size() != 1) value.fail("is not one character");
             source.delimiter = text.front();
           }},
          {"columns",
           [&source](const Value& value) {
             for (const auto& [key, item] : value.entries()) source.columns.push_back({key, words_of(item)});
           }},
          {"one_hot", map_into(source.one_hot)},
          {"set", map_into(source.set)}};
}

/// Where a row's image is, is for find_images() to say.
void refuse_file_column(const Source& source, const Value& value) {
  const auto is_file = [](const ColumnNames& names) { return names.name == "file"; };
  const auto captures = [](const std::string& text) { return text.find("{file}") != std::string::npos; };
  if (std::ranges::any_of(source.columns, is_file) || std::ranges::any_of(source.patterns, captures)) {
    value.fail("has a column 'file', which is the image's path; expected another name");
  }
}

Source read_source(const Value& value) {
  Source source;
  read_keys(value, source_keys(source));
  refuse_file_column(source, value);
  if (source.table.empty() == source.patterns.empty()) value.fail("needs either 'table' or 'files'");
  return source;
}

Join read_join(const Value& value) {
  Join join;
  std::vector<Key> keys = source_keys(join.source);
  keys.push_back({"on", text_into(join.on), true});
  read_keys(value, keys);
  if (join.source.table.empty()) value.fail("lacks the key 'table'");
  return join;
}

Exclusion read_exclusion(const Value& value) {
  Exclusion rule;
  int conditions = 0;
  const auto values = [&](Exclusion::If when) {
    return [&rule, &conditions, when](const Value& list) {
      rule.values = words_of(list);
      rule.when = when;
      ++conditions;
    };
  };
  read_keys(value, {{"column", text_into(rule.column), true},
                    {"is", values(Exclusion::If::kIs)},
                    {"is_not", values(Exclusion::If::kIsNot)},
                    {"empty",
                     [&](const Value& flag) {
                       if (!flag.flag()) flag.fail("is false; expected true, or no such key");
                       rule.when = Exclusion::If::kEmpty;
                       ++conditions;
                     }},
                    {"differs_from", values(Exclusion::If::kDiffers)},
                    {"because", text_into(rule.because), true}});
  if (conditions != 1) value.fail("needs one of 'is', 'is_not', 'empty' and 'differs_from'");
  return rule;
}

std::pair<std::size_t, std::size_t> read_range(const Value& value) {
  const auto [first, last] = value.range(0, static_cast<double>(label_texts().size()) - 1);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last)};
}

TextRule read_texts(const Value& value) {
  TextRule rule;
  read_keys(value, {{"rows",
                     [&](const Value& list) {
                       const std::vector<Value> items = list.items();
                       if (!items.empty() && items.front().node().IsSequence()) {
                         for (const Value& item : items) rule.rows.push_back(read_range(item));
                       } else {
                         rule.rows.push_back(read_range(list));
                       }
                     }},
                    {"template", text_into(rule.text)},
                    {"labels", map_into(rule.labels)}});
  if (rule.text.empty() == rule.labels.empty()) value.fail("needs either 'template' or 'labels'");
  return rule;
}

/// A split's name as manifests have it.
std::string split_name(const std::string& name, const Value& value) {
  if (name != "train" && name != "val" && name != "test") value.fail("is no split; expected train, val or test");
  return name;
}

SplitRule read_split(const std::string& name, const Value& value) {
  SplitRule rule;
  rule.name = name;
  read_keys(value, {{"column", text_into(rule.column)},
                    {"map", map_into(rule.map)},
                    {"lists",
                     [&](const Value& map) {
                       for (const auto& [key, item] : map.entries())
                         rule.lists.emplace_back(split_name(key, item), words_of(item));
                     }},
                    {"on", text_into(rule.on)},
                    {"drawn",
                     [&](const Value& map) {
                       for (const auto& [key, item] : map.entries()) {
                         rule.drawn.emplace_back(split_name(key, item), item.number(0, 1));
                       }
                     }},
                    {"only",
                     [&](const Value& map) {
                       read_keys(map, {{"column", text_into(rule.only), true}, {"is", words_into(rule.only_is), true}});
                     }},
                    {"of", text_into(rule.of)},
                    {"together", text_into(rule.together)},
                    {"round", choice_into(rule.round, {{"nearest", SplitRule::Round::kNearest},
                                                       {"floor", SplitRule::Round::kDown},
                                                       {"ceil", SplitRule::Round::kUp}})}});
  const int ways = static_cast<int>(!rule.column.empty()) + static_cast<int>(!rule.lists.empty()) +
                   static_cast<int>(!rule.drawn.empty());
  if (ways != 1) value.fail("needs one of 'column', 'lists' and 'drawn'");
  if (!rule.lists.empty() && rule.on.empty()) value.fail("lacks the key 'on'");
  return rule;
}

Published read_published(const Value& value) {
  Published published;
  read_keys(value, {{"images", [&](const Value& count) { published.images = count_of(count); }},
                    {"patients", [&](const Value& count) { published.patients = count_of(count); }},
                    {"labels", counts_into(published.labels)},
                    {"splits", counts_into(published.splits)},
                    {"md5", [&](const Value& files) {
                       map_into(published.md5)(files);
                       for (const auto& [file, md5] : published.md5) {
                         if (md5.size() == 32 && md5.find_first_not_of("0123456789abcdef") == std::string::npos)
                           continue;
                         files.fail("has a value that is no MD5; expected 32 digits and small letters a to f");
                       }
                     }}});
  return published;
}

Benchmark read_benchmark(const std::string& name, const Value& value) {
  Benchmark benchmark;
  benchmark.name = name;
  read_keys(value, {{"metric", text_into(benchmark.metric), true},
                    {"value", [&](const Value& number) { benchmark.value = number.number(0, 1000); }, true},
                    {"figure", text_into(benchmark.figure)},
                    {"label", text_into(benchmark.label)},
                    {"model", text_into(benchmark.model)},
                    {"way", text_into(benchmark.way)},
                    {"rows", [&](const Value& rows) { benchmark.rows = count_of(rows); }},
                    {"note", text_into(benchmark.note)}});
  return benchmark;
}

Setting read_setting(const std::string& name, const Value& value) {
  Setting setting;
  setting.name = name;
  // Keys in capitals are those of mi2 train.
  if (name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 0)
    value.fail("begins with a capital; expected a small letter");
  read_keys(value, {{"default", text_into(setting.by_default), true},
                    {"choices", words_into(setting.choices)},
                    {"help", text_into(setting.help), true}});
  return setting;
}

TrainingSetting read_training_setting(const std::string& key, const Value& value) {
  TrainingSetting setting;
  setting.key = key;
  read_keys(
      value,
      {{"value", text_into(setting.value), true},
       {"from", choice_into(setting.from, {{"published", "published"}, {"inferred", "inferred"}, {"ours", "ours"}}),
        true},
       {"note", text_into(setting.note)}});
  return setting;
}

template <typename T>
auto list_into(std::vector<T>& out, T (*read)(const Value&)) {
  return [&out, read](const Value& value) {
    for (const Value& item : value.items()) out.push_back(read(item));
  };
}

template <typename T>
auto named_into(std::vector<T>& out, T (*read)(const std::string&, const Value&)) {
  return [&out, read](const Value& value) {
    for (const auto& [name, item] : value.entries()) out.push_back(read(name, item));
  };
}

void read_image(const Value& value, ImageRule& image) {
  read_keys(value, {{"key", text_into(image.key), true},
                    {"within", text_into(image.within)},
                    {"by", choice_into(image.by, {{"stem", ImageRule::By::kStem},
                                                  {"name", ImageRule::By::kName},
                                                  {"number", ImageRule::By::kNumber},
                                                  {"path", ImageRule::By::kPath}})}});
}

void read_values(const Value& value, Recipe& recipe) {
  for (const auto& [column, words] : value.entries()) {
    Words map;
    map_into(map)(words);
    recipe.values.emplace_back(column, std::move(map));
  }
}

}  // namespace

Recipe parse_recipe(std::string_view text, std::string_view name, std::string_view source) {
  const yaml::Place place{std::string(source), Code::kBadFile};
  const Value root(yaml::parse(text, place), "", {fmt::format("{}:1", source), Code::kBadFile});
  Recipe recipe;
  recipe.name = name;
  read_keys(root, {{"title", text_into(recipe.title), true},
                   {"about", text_into(recipe.about), true},
                   {"licence", text_into(recipe.licence), true},
                   {"task",
                    choice_into(recipe.task, {{"labels", Task::kLabels},
                                              {"findings", Task::kFindings},
                                              {"ages", Task::kAges},
                                              {"captions", Task::kCaptions}}),
                    true},
                   {"published", [&](const Value& value) { recipe.published = read_published(value); }},
                   {"irma_errors", [&](const Value& value) { recipe.irma_errors = value.flag(); }},
                   {"benchmarks", named_into(recipe.benchmarks, read_benchmark)},
                   {"others",
                    [&](const Value& value) {
                      named_into(recipe.others, read_benchmark)(value);
                      for (Benchmark& other : recipe.others) {
                        if (other.model.empty()) other.model = other.name;
                      }
                    }},
                   {"settings", named_into(recipe.settings, read_setting)},
                   {"fine_tuning", named_into(recipe.fine_tuning, read_training_setting)},
                   {"rows", list_into(recipe.rows, read_source)},
                   {"join", list_into(recipe.joins, read_join)},
                   {"values", [&](const Value& value) { read_values(value, recipe); }},
                   {"steps", words_into(recipe.steps)},
                   {"exclude", list_into(recipe.exclusions, read_exclusion)},
                   {"image", [&](const Value& value) { read_image(value, recipe.image); }},
                   {"group", text_into(recipe.group)},
                   {"id", text_into(recipe.id)},
                   {"label",
                    [&](const Value& value) {
                      read_keys(value, {{"column", text_into(recipe.label.column)},
                                        {"replace",
                                         [&](const Value& map) {
                                           map_into(recipe.label.replace)(map);
                                           for (const auto& [from, to] : recipe.label.replace) {
                                             if (from.empty()) map.fail("replaces nothing by something");
                                           }
                                         }},
                                        {"map", map_into(recipe.label.map)}});
                    }},
                   {"texts", [&](const Value& value) { recipe.texts = read_texts(value); }},
                   {"captions", words_into(recipe.captions)},
                   {"attributes", words_into(recipe.attributes)},
                   {"splits", named_into(recipe.splits, read_split), true}});
  if (recipe.rows.empty() && recipe.steps.empty()) root.fail("needs 'rows' or 'steps'");
  if ((recipe.task == Task::kCaptions) == recipe.captions.empty())
    root.fail("needs 'captions' for the task captions alone");
  if (recipe.splits.empty()) root.fail("has no split; expected one or more");
  return recipe;
}

std::vector<TrainingSetting> parse_fine_tuning(std::string_view text, std::string_view source) {
  const yaml::Place place{std::string(source), Code::kBadFile};
  std::vector<TrainingSetting> settings;
  named_into(settings, read_training_setting)(Value(yaml::parse(text, place), "", place));
  return settings;
}

Recipe read_recipe(const std::filesystem::path& path) {
  return parse_recipe(base::read_text_file(path, kMaxRecipeBytes), path.stem().string(), path.string());
}

const Recipe& find_recipe(std::string_view name) {
  const auto& recipes = built_in_recipes();
  if (const auto found = recipes.find(std::string(name)); found != recipes.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, recipe] : recipes) names.push_back(known);
  const std::string meant = base::nearest(name, names);
  throw Error(Code::kBadArgument, fmt::format("no dataset is called {}{}; see mi2 dataset list", base::in_quotes(name),
                                              meant.empty() ? "" : fmt::format(", did you mean '{}'?", meant)));
}

}  // namespace mi2::recipe
