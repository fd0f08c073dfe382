#include "command_table.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace mi2::cli {
namespace {

/// "jsonl|csv" is one of two words; "DIR|FILE" and "f32|bf16|" are not.
std::vector<std::string> choices_of(const std::string& type) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : type + '|') {
    if (c != '|') {
      word += c;
      continue;
    }
    const auto is_letter = [](char l) {
      return (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') || l == '-' || l == '_';
    };
    if (word.empty() || !std::all_of(word.begin(), word.end(), is_letter)) return {};
    words.push_back(word);
    word.clear();
  }
  return words.size() > 1 ? words : std::vector<std::string>();
}

OptionRow row_of(const CLI::Option& option) {
  OptionRow row;
  for (const std::string& name : option.get_snames()) row.names.push_back(fmt::format("-{}", name));
  for (const std::string& name : option.get_lnames()) row.names.push_back(fmt::format("--{}", name));
  row.positional = row.names.empty();
  if (row.positional) row.names.push_back(option.get_name());
  row.required = option.get_required();
  row.repeats = option.get_items_expected_max() > 1;
  row.choices = choices_of(option.get_type_name());
  if (option.get_items_expected_max() > 0 && !row.positional) {
    row.value = option.get_type_name().empty() ? "VALUE" : option.get_type_name();
  }
  row.help = option.get_description();
  row.usual = option.get_default_str();
  return row;
}

void add_rows(const CLI::App& app, const std::vector<std::string>& path, std::vector<CommandRow>& table) {
  CommandRow row;
  row.path = path;
  row.summary = app.get_description();
  row.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) row.options.push_back(row_of(*option));
  const auto inner = app.get_subcommands({});
  for (const CLI::App* command : inner) row.commands.push_back(command->get_name());
  table.push_back(std::move(row));
  for (const CLI::App* command : inner) {
    std::vector<std::string> below = path;
    below.push_back(command->get_name());
    add_rows(*command, below, table);
  }
}

}  // namespace

std::vector<CommandRow> command_table(const CLI::App& app) {
  std::vector<CommandRow> table;
  add_rows(app, {}, table);
  return table;
}

std::string title_of(const CommandRow& row, char between) {
  std::string title = "mi2";
  for (const std::string& name : row.path) title += between + name;
  return title;
}

}  // namespace mi2::cli
