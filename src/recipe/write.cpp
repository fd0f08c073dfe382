// What prepare() found, as files and as text.

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/csv.hpp"
#include "recipe/prepare.hpp"

namespace mi2::recipe {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kSplits{"train", "val", "test"};

std::string_view name_of(Task task) {
  switch (task) {
    case Task::kLabels:
      return "labels";
    case Task::kFindings:
      return "findings";
    case Task::kAges:
      return "ages";
    case Task::kCaptions:
      return "captions";
  }
  return "";
}

/// The manifest's columns, in order: a name, and where its cells are; no place: empty.
std::vector<std::pair<std::string, std::optional<std::size_t>>> columns_of(const Prepared& prepared) {
  const Recipe& recipe = *prepared.recipe;
  std::vector<std::string> names{"file", "id"};
  if (recipe.task == Task::kCaptions) {
    names.insert(names.end(), recipe.captions.begin(), recipe.captions.end());
  } else {
    names.emplace_back("label");
    if (prepared.rows.find("caption")) names.emplace_back("caption");
  }
  names.emplace_back("split");
  for (const std::string& name : recipe.attributes) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::vector<std::pair<std::string, std::optional<std::size_t>>> columns;
  for (std::string& name : names) columns.emplace_back(name, prepared.rows.find(name));
  return columns;
}

Json splits_json(const std::map<std::string, std::uint64_t>& splits) {
  Json all = Json::object();
  for (const std::string_view name : kSplits) {
    if (const auto found = splits.find(std::string(name)); found != splits.end()) all[found->first] = found->second;
  }
  return all;
}

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

std::string split_text(const SplitRule& rule) {
  if (!rule.column.empty()) return fmt::format("as the column '{}' says", rule.column);
  if (!rule.lists.empty()) return "by the dataset's lists";
  std::string text = "drawn";
  for (const auto& [name, share] : rule.drawn) text += fmt::format(" {} {}", name, share);
  if (!rule.of.empty()) text += fmt::format(" of each {}", rule.of);
  if (!rule.together.empty()) text += fmt::format(", each {} in one split", rule.together);
  return text;
}

}  // namespace

std::string manifest_csv(const Prepared& prepared) {
  const auto columns = columns_of(prepared);
  std::string csv;
  for (const auto& [name, place] : columns) {
    if (!csv.empty()) csv += ',';
    csv += base::csv_field(name);
  }
  csv += '\n';
  for (const Row& row : prepared.rows.all()) {
    bool first = true;
    for (const auto& [name, place] : columns) {
      if (!first) csv += ',';
      first = false;
      if (place) csv += base::csv_field(row.fields[*place]);
    }
    csv += '\n';
  }
  return csv;
}

std::string prompts_csv(const Prepared& prepared) {
  std::string csv = "label,prompt\n";
  for (const auto& [label, text] : prepared.prompts) {
    csv += fmt::format("{},{}\n", base::csv_field(label), base::csv_field(text));
  }
  return csv;
}

std::string recipe_json(const Prepared& prepared) {
  const Recipe& recipe = *prepared.recipe;
  Json json;
  json["dataset"] = recipe.name;
  json["title"] = recipe.title;
  json["licence"] = recipe.licence;
  json["about"] = recipe.about;
  json["task"] = name_of(recipe.task);
  json["mi2"] = MI2_VERSION;
  json["root"] = prepared.root;
  json["files"] = prepared.files;
  json["listing_sha256"] = prepared.listing_sha256;
  json["checked"] = Json::array();
  for (const CheckedFile& file : prepared.checked) {
    json["checked"].push_back({{"file", file.path}, {"md5", file.md5}, {"published", file.published}});
  }
  json["protocol"] = {{"name", prepared.split.name}, {"rule", split_text(prepared.split)}, {"seed", prepared.seed}};
  json["settings"] = prepared.settings;
  json["images"] = prepared.rows.all().size();
  json["patients"] = prepared.patients;
  json["splits"] = splits_json(prepared.splits);
  if (recipe.task != Task::kCaptions) {
    json["labels"] = Json::object();
    for (const auto& [label, splits] : prepared.images) json["labels"][label] = splits_json(splits);
  }
  json["published"] = Json::array();
  for (const Compared& row : prepared.compared) {
    json["published"].push_back({{"what", row.what}, {"found", row.found}, {"published", row.published}});
  }
  json["excluded"] = prepared.notes.excluded;
  json["leaks"] = nullptr;
  if (const Leaks& leaks = prepared.leaks; !leaks.column.empty()) {
    json["leaks"] = {{"by", leaks.column},
                     {"groups", leaks.groups},
                     {"in_several_splits", leaks.in_several},
                     {"images_without", leaks.unnamed}};
  }
  json["counts"] = prepared.notes.counts;
  json["warnings"] = prepared.notes.warnings;
  for (const Benchmark& row : recipe.benchmarks) {
    json["benchmarks"][row.name] = {{"metric", row.metric}, {"value", row.value}, {"note", row.note}};
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string summary_text(const Prepared& prepared) {
  std::string text = fmt::format("{}: {} images", prepared.recipe->title, prepared.rows.all().size());
  if (prepared.patients > 0) text += fmt::format(" of {} patients", prepared.patients);
  text += fmt::format("; {}\n", split_text(prepared.split));
  for (const std::string_view name : kSplits) {
    if (const auto found = prepared.splits.find(std::string(name)); found != prepared.splits.end()) {
      text += fmt::format("  {:<5} {:>9}\n", name, found->second);
    }
  }
  constexpr std::size_t kShown = 20;
  std::size_t shown = 0;
  for (const auto& [label, splits] : prepared.images) {
    if (prepared.recipe->task == Task::kAges) break;
    if (++shown > kShown) {
      text += fmt::format("  and {} more labels\n", prepared.images.size() - kShown);
      break;
    }
    text += fmt::format("  {:>9}  {}\n", sum_of(splits), label.empty() ? "(no finding)" : label);
  }
  for (const Compared& row : differences_of(prepared)) {
    text += fmt::format("  {}: {} found, {} published\n", row.what, row.found, row.published);
  }
  for (const auto& [reason, count] : prepared.notes.excluded) text += fmt::format("  left out: {} {}\n", count, reason);
  return text;
}

}  // namespace mi2::recipe
