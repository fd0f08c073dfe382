#include "recipe/prepare.hpp"

#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/hash.hpp"
#include "base/nearest.hpp"
#include "base/quotes.hpp"
#include "recipe/step.hpp"

namespace mi2::recipe {
namespace {

const SplitRule& chosen_split(const Recipe& recipe, const std::string& protocol) {
  if (protocol.empty()) return recipe.splits.front();
  std::vector<std::string> names;
  for (const SplitRule& rule : recipe.splits) {
    if (rule.name == protocol) return rule;
    names.push_back(rule.name);
  }
  throw Error(Code::kBadArgument, fmt::format("{}: no protocol {}; expected {}", recipe.name, base::in_quotes(protocol),
                                              fmt::join(names, " or ")));
}

std::map<std::string, std::string> chosen_settings(const Recipe& recipe,
                                                   const std::map<std::string, std::string>& given) {
  std::map<std::string, std::string> settings;
  std::vector<std::string> names;
  for (const Setting& setting : recipe.settings) {
    names.push_back(setting.name);
    settings[setting.name] = setting.by_default;
  }
  for (const auto& [name, value] : given) {
    const auto known = std::ranges::find(recipe.settings, name, &Setting::name);
    if (known == recipe.settings.end()) {
      const std::string has = names.empty() ? "it has none" : fmt::format("expected {}", fmt::join(names, " or "));
      throw Error(Code::kBadArgument, fmt::format("{}: no setting {}; {}", recipe.name, base::in_quotes(name), has));
    }
    if (!known->choices.empty() && std::ranges::find(known->choices, value) == known->choices.end()) {
      throw Error(Code::kBadArgument, fmt::format("{}: the setting {} is {}, expected {}", recipe.name, name,
                                                  base::in_quotes(value), fmt::join(known->choices, " or ")));
    }
    settings[name] = value;
  }
  return settings;
}

std::string reasons_text(const Notes& notes) {
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : notes.excluded) reasons.push_back(fmt::format("{} {}", count, reason));
  return reasons.empty() ? "no row was found" : fmt::format("{}", fmt::join(reasons, ", "));
}

void count(Prepared& prepared) {
  const Rows& rows = prepared.rows;
  const std::size_t split = rows.need("split");
  const auto label = prepared.recipe->task == Task::kCaptions ? std::nullopt : rows.find("label");
  const auto patient = rows.find("patient");
  std::set<std::string> patients;
  for (const Row& row : rows.all()) {
    ++prepared.splits[row.fields[split]];
    if (patient && !row.fields[*patient].empty()) patients.insert(row.fields[*patient]);
    if (!label) continue;
    std::string_view rest = row.fields[*label];
    while (true) {
      const std::string_view word = rest.substr(0, rest.find('|'));
      ++prepared.images[std::string(word)][row.fields[split]];
      if (word.size() == rest.size()) break;
      rest.remove_prefix(word.size() + 1);
    }
  }
  prepared.patients = patients.size();
}

void compare(Prepared& prepared) {
  const Published& published = prepared.recipe->published;
  const auto add = [&](std::string what, std::uint64_t found, std::uint64_t expected) {
    prepared.compared.push_back({std::move(what), found, expected});
  };
  if (published.images) add("images", prepared.rows.all().size(), *published.images);
  if (published.patients) add("patients", prepared.patients, *published.patients);
  for (const auto& [name, expected] : published.splits)
    add("split " + name, prepared.splits.contains(name) ? prepared.splits.at(name) : 0, expected);
  for (const auto& [name, expected] : published.labels) {
    std::uint64_t found = 0;
    if (const auto label = prepared.images.find(name); label != prepared.images.end()) {
      for (const auto& [split, images] : label->second) found += images;
    }
    add("label " + name, found, expected);
  }
}

void warn_of_leaks(Prepared& prepared) {
  const Leaks& leaks = prepared.leaks;
  if (leaks.in_several > 0) {
    prepared.notes.warnings.push_back(
        fmt::format("{} of {} {}s have images in more than one split: figures of the test split will be too good",
                    leaks.in_several, leaks.groups, leaks.column));
  }
}

/// A file that is not the published one may still be right, packed again: that is said, and nothing more.
void check_files(Prepared& prepared, const Listing& files, const base::OnProgress& progress) {
  for (const auto& [name, published] : prepared.recipe->published.md5) {
    const auto path = files.find(std::span(&name, 1));
    if (!path) continue;
    const std::uint64_t bytes = std::filesystem::file_size(files.whole(*path));
    const std::string md5 = base::md5_hex(files.whole(*path), [&](std::uint64_t done) {
      if (progress) progress({"checking files", done >> 20U, bytes >> 20U});
    });
    prepared.checked.push_back({*path, md5, published});
    if (md5 == published) continue;
    prepared.notes.warnings.push_back(
        fmt::format("{}: its MD5 is {}, the published file's {}: it is another file", *path, md5, published));
  }
}

}  // namespace

Prepared prepare(const Recipe& recipe, const PrepareOptions& options, const base::OnProgress& progress) {
  Prepared prepared;
  prepared.recipe = &recipe;
  prepared.split = chosen_split(recipe, options.protocol);
  prepared.seed = options.seed;
  prepared.settings = chosen_settings(recipe, options.settings);
  std::vector<Step> steps;
  for (const std::string& name : recipe.steps) steps.push_back(find_step(name));

  const Listing files(options.root, progress);
  prepared.root = files.root().string();
  prepared.listing_sha256 = files.sha256();
  prepared.files = files.files().size();
  Rows& rows = prepared.rows;
  Notes& notes = prepared.notes;
  check_files(prepared, files, progress);
  rows = read_rows(recipe, files, notes);
  join_rows(recipe, files, rows, notes);
  replace_words(recipe, rows);
  Job job{files, prepared.settings, options.seed, options.out, notes, progress};
  for (const Step step : steps) step(job, rows);
  apply_exclusions(recipe, rows, notes);
  find_images(recipe, files, rows, notes);
  label_rows(recipe, rows, notes);
  if (rows.all().empty()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: no image of {} can be used: {}", prepared.root, recipe.title, reasons_text(notes)));
  }
  const std::size_t id = rows.need("id");
  std::ranges::sort(rows.all(), {}, [id](const Row& row) { return row.fields[id]; });
  split_rows(prepared.split, files, options.seed, rows, notes);
  prepared.leaks = find_leaks(recipe.group, rows);
  prepared.prompts = prompts_of(recipe, rows);
  count(prepared);
  compare(prepared);
  warn_of_leaks(prepared);
  return prepared;
}

std::vector<Compared> differences_of(const Prepared& prepared) {
  std::vector<Compared> found;
  std::ranges::copy_if(prepared.compared, std::back_inserter(found),
                       [](const Compared& row) { return row.found != row.published; });
  return found;
}

}  // namespace mi2::recipe
