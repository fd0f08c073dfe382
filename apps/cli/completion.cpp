#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "command_table.hpp"

namespace mi2::cli {
namespace {

std::string words_of(const CommandRow& row) {
  std::vector<std::string> words = row.commands;
  for (const OptionRow& option : row.options) {
    if (!option.positional) words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return fmt::format("{}", fmt::join(words, " "));
}

/// In single quotes, for each of the three shells.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + '\'';
}

constexpr std::string_view kBash =
    R"(# bash completion of mi2: source it, or put it into /usr/share/bash-completion/completions/mi2
_mi2() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command="" words=""
  local i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command ${{COMP_WORDS[i]}}" in
{}    esac
  done
  COMPREPLY=()
  case "$command:$before" in
{}  esac
  case "$command" in
{}  esac
  if [[ $word == -* || -z $command || $command == " adapter" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  fi
}}
complete -o default -F _mi2 mi2
)";

/// " adapter train", as the script keeps a command.
std::string key_of(const CommandRow& row) {
  std::string key;
  for (const std::string& name : row.path) key += ' ' + name;
  return key;
}

std::string bash(const std::vector<CommandRow>& table) {
  std::string commands;
  std::string values;
  std::string options;
  for (const CommandRow& row : table) {
    const std::string key = key_of(row);
    if (!row.path.empty()) commands += fmt::format("      {}) command={} ;;\n", shell_quoted(key), shell_quoted(key));
    options += fmt::format("    {}) words={} ;;\n", shell_quoted(key), shell_quoted(words_of(row)));
    for (const OptionRow& option : row.options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(shell_quoted(fmt::format("{}:{}", key, name)));
      const std::string reply = option.choices.empty()
                                    ? std::string()
                                    : fmt::format(" COMPREPLY=($(compgen -W {} -- \"$word\"));",
                                                  shell_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
      values += fmt::format("    {}){} return ;;\n", fmt::join(patterns, "|"), reply);
    }
  }
  return fmt::format(kBash, commands, values, options);
}

constexpr std::string_view kZsh = R"(#compdef mi2
# zsh completion of mi2: put it into a folder of $fpath as _mi2
_mi2() {{
  local command="" i
  for ((i = 2; i < CURRENT; ++i)); do
    case "$command ${{words[i]}}" in
{}    esac
  done
  case "$command" in
{}  esac
}}
_mi2 "$@"
)";

/// What zsh's _arguments reads: its own signs are escaped.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_arguments(const CommandRow& row) {
  std::string text = "_arguments -s";
  for (const OptionRow& option : row.options) {
    if (option.positional) continue;
    const std::string value = option.value.empty()     ? std::string()
                              : option.choices.empty() ? fmt::format(":{}:_files", zsh_text(option.value))
                                                       : fmt::format(":{}:({})", zsh_text(option.names.back()),
                                                                     fmt::join(option.choices, " "));
    for (const std::string& name : option.names) {
      text += fmt::format(" {}", shell_quoted(fmt::format("*{}[{}]{}", name, zsh_text(option.help), value)));
    }
  }
  if (row.commands.empty()) return text + " '*:file:_files'";
  return text + fmt::format(" '1:command:({})'", fmt::join(row.commands, " "));
}

std::string zsh(const std::vector<CommandRow>& table) {
  std::string commands;
  std::string arguments;
  for (const CommandRow& row : table) {
    const std::string key = key_of(row);
    const auto depth = row.path.size();
    if (!row.path.empty()) commands += fmt::format("      {}) command={} ;;\n", shell_quoted(key), shell_quoted(key));
    const std::string shift =
        depth == 0 ? std::string()
                   : fmt::format("words=(\"${{(@)words[{},-1]}}\"); ((CURRENT -= {})); ", depth + 1, depth);
    arguments += fmt::format("    {}) {}{} ;;\n", shell_quoted(key), shift, zsh_arguments(row));
  }
  return fmt::format(kZsh, commands, arguments);
}

std::string fish(const std::vector<CommandRow>& table) {
  std::string text = "# fish completion of mi2: put it into ~/.config/fish/completions/mi2.fish\n";
  for (const CommandRow& row : table) {
    std::string when = row.path.empty() ? "__fish_use_subcommand" : std::string();
    for (const std::string& name : row.path) {
      when += fmt::format("{}__fish_seen_subcommand_from {}", when.empty() ? "" : "; and ", name);
    }
    const std::string start = fmt::format("complete -c mi2 -n {}", shell_quoted(when));
    for (const std::string& command : row.commands) text += fmt::format("{} -f -a {}\n", start, command);
    for (const OptionRow& option : row.options) {
      if (option.positional) continue;
      text += start;
      for (const std::string& name : option.names) {
        text += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
      }
      if (!option.choices.empty())
        text += fmt::format(" -x -a {}", shell_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
      if (!option.value.empty() && option.choices.empty()) text += " -r";
      text += fmt::format(" -d {}\n", shell_quoted(option.help));
    }
  }
  return text;
}

}  // namespace

std::string completion_of(const std::vector<CommandRow>& table, const std::string& shell) {
  if (shell == "bash") return bash(table);
  if (shell == "zsh") return zsh(table);
  if (shell == "fish") return fish(table);
  throw Error(Code::kBadArgument, fmt::format("completion: expected bash, zsh or fish, got {}", shell));
}

}  // namespace mi2::cli
