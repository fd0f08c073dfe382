#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/quotes.hpp"
#include "recipe/stages.hpp"
#include "recipe/template.hpp"
#include "yaml/scalars.hpp"

namespace mi2::recipe {
namespace {

constexpr std::string_view kLabel = "{label}";

/// The label of a text by a template with {label} alone; nothing if it does not fit.
std::optional<std::string> label_of(std::string_view text, std::string_view whole) {
  const std::size_t at = whole.find(kLabel);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view before = whole.substr(0, at);
  const std::string_view after = whole.substr(at + kLabel.size());
  if (text.size() <= before.size() + after.size() || !text.starts_with(before) || !text.ends_with(after)) {
    return std::nullopt;
  }
  return std::string(text.substr(before.size(), text.size() - before.size() - after.size()));
}

/// The published texts of a recipe's rows; none if it names none.
std::vector<std::string> candidates_of(const TextRule& rule) {
  std::vector<std::string> found;
  for (const auto& [first, last] : rule.rows) {
    found.insert(found.end(), label_texts().begin() + static_cast<std::ptrdiff_t>(first),
                 label_texts().begin() + static_cast<std::ptrdiff_t>(last) + 1);
  }
  return found;
}

std::string replaced(std::string text, const Words& words) {
  for (const auto& [from, to] : words) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : "|") + word;
  return all;
}

/// Any number of labels, `a|b`; each has a published text, if the recipe names any.
void label_findings(const Recipe& recipe, Rows& rows, Notes& notes) {
  const std::size_t label = rows.need("label");
  const std::map<std::string, std::string> map(recipe.label.map.begin(), recipe.label.map.end());
  std::set<std::string> known;
  for (const auto& [name, text] : prompts_of(recipe, rows)) known.insert(name);
  // Where being well is a label of its own, a row without any label says nothing.
  const bool must_say = known.contains("No Finding");
  exclude_rows(rows, notes, [&](Row& row) -> std::string {
    std::vector<std::string> words = split_findings(row.fields[label]);
    for (std::string& word : words) {
      if (const auto found = map.find(word); found != map.end()) word = found->second;
    }
    std::erase(words, "");
    if (words.empty() && must_say) return "no label";
    for (const std::string& word : words) {
      if (!known.empty() && !known.contains(word)) {
        return fmt::format("no published text for the label {}", base::in_quotes(word));
      }
    }
    row.fields[label] = joined(words);
    return "";
  });
}

std::optional<double> age_of(std::string_view text) {
  const std::optional<double> number = yaml::to_number(text);
  return number && *number >= 0 ? number : std::nullopt;
}

/// One label per row, each with its text.
void label_classes(const Recipe& recipe, Rows& rows, Notes& notes) {
  const std::size_t label = rows.need("label");
  const std::size_t caption = rows.column("caption");
  const std::map<std::string, std::string> map(recipe.label.map.begin(), recipe.label.map.end());
  const std::map<std::string, std::string> texts(recipe.texts.labels.begin(), recipe.texts.labels.end());
  const std::vector<std::string> candidates = candidates_of(recipe.texts);
  const std::set<std::string> published(candidates.begin(), candidates.end());
  const std::optional<Template> whole =
      recipe.texts.text.empty() ? std::nullopt : std::optional(Template(recipe.texts.text, rows));
  // Ages are numbers: a text of each can be read, whether it was trained on or not.
  const bool any_text = published.empty() || recipe.task == Task::kAges;
  exclude_rows(rows, notes, [&](Row& row) -> std::string {
    std::string& word = row.fields[label];
    if (word.find('|') != std::string::npos) return "several labels where one is expected";
    if (const auto found = map.find(word); found != map.end()) word = found->second;
    if (word.empty()) return "no label";
    if (recipe.task == Task::kAges) {
      const std::optional<double> age = age_of(word);
      if (!age) return "an age that is not a number from 0 on";
      word = fmt::format("{}", *age);  // 120.0 is 120, as texts have it
    }
    if (whole) {
      row.fields[caption] = whole->text(row);
    } else if (!texts.empty()) {
      const auto found = texts.find(word);
      if (found == texts.end()) return fmt::format("no published text for the label {}", base::in_quotes(word));
      row.fields[caption] = found->second;
    }
    if (any_text || published.contains(row.fields[caption])) return "";
    return fmt::format("no published text for the label {}", base::in_quotes(word));
  });
}

void need_caption(const Recipe& recipe, Rows& rows, Notes& notes) {
  std::vector<std::size_t> columns;
  for (const std::string& name : recipe.captions) columns.push_back(rows.need(name));
  exclude_rows(rows, notes, [&](const Row& row) -> std::string {
    const bool any = std::ranges::any_of(columns, [&](std::size_t column) { return !row.fields[column].empty(); });
    return any ? "" : "no text";
  });
}

}  // namespace

std::vector<std::string> split_findings(std::string_view cell) {
  std::vector<std::string> found;
  while (true) {
    const std::size_t bar = std::min(cell.find('|'), cell.size());
    const std::string_view word = base::without_blanks(cell.substr(0, bar));
    if (!word.empty() && std::ranges::find(found, word) == found.end()) found.emplace_back(word);
    if (bar == cell.size()) return found;
    cell.remove_prefix(bar + 1);
  }
}

void label_rows(const Recipe& recipe, Rows& rows, Notes& notes) {
  if (recipe.task == Task::kCaptions) return need_caption(recipe, rows, notes);
  const Template from = Template::of_column(recipe.label.column, rows);
  const std::size_t label = rows.column("label");
  for (Row& row : rows.all()) row.fields[label] = replaced(from.text(row), recipe.label.replace);
  if (recipe.task == Task::kFindings) {
    label_findings(recipe, rows, notes);
  } else {
    label_classes(recipe, rows, notes);
  }
}

Words prompts_of(const Recipe& recipe, const Rows& rows) {
  Words prompts;
  if (recipe.task == Task::kCaptions) return prompts;
  std::set<std::string> seen;
  const auto add = [&](std::string label, std::string text) {
    if (seen.insert(label).second) prompts.emplace_back(std::move(label), std::move(text));
  };
  for (const std::string& text : candidates_of(recipe.texts)) {
    const auto named = std::ranges::find(recipe.texts.labels, text, &Words::value_type::second);
    if (named != recipe.texts.labels.end()) {
      add(named->first, text);
    } else {
      add(label_of(text, recipe.texts.text).value_or(text), text);
    }
  }
  if (prompts.empty()) {
    for (const auto& [label, text] : recipe.texts.labels) add(label, text);
  }
  // Of a user's recipe without published texts: what the rows say.
  const auto label = rows.find("label");
  const auto caption = rows.find("caption");
  if (prompts.empty() && label && caption) {
    for (const Row& row : rows.all()) {
      if (!row.fields[*caption].empty()) add(row.fields[*label], row.fields[*caption]);
    }
  }
  return prompts;
}

}  // namespace mi2::recipe
