#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "command_table.hpp"

namespace mi2::cli {
namespace {

/// The words that stand for themselves after a command: those below it, or of its first argument.
std::vector<std::string> words_of(const CommandRow& row) {
  if (!row.commands.empty()) return row.commands;
  for (const OptionRow& option : row.options) {
    if (option.positional) return option.choices;
  }
  return {};
}

std::vector<std::string> options_of(const CommandRow& row) {
  std::vector<std::string> names;
  for (const OptionRow& option : row.options) {
    if (!option.positional) names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

/// `help` and `man` take the names of commands: to a shell these are commands below them.
std::vector<CommandRow> with_explained(std::vector<CommandRow> table) {
  const std::vector<CommandRow> commands = table;
  for (const char* const name : {"help", "man"}) {
    for (const CommandRow& row : commands) {
      if (row.commands.empty()) continue;
      std::vector<std::string> path{name};
      path.insert(path.end(), row.path.begin(), row.path.end());
      const auto own = std::ranges::find(table, path, &CommandRow::path);
      if (own != table.end()) {
        own->commands = row.commands;
      } else {
        table.push_back({path, row.summary, {}, row.commands, {}});
      }
    }
  }
  return table;
}

std::string summary_of(const std::vector<CommandRow>& table, std::vector<std::string> path, const std::string& name) {
  path.push_back(name);
  const auto row = std::ranges::find(table, path, &CommandRow::path);
  return row == table.end() ? std::string() : row->summary;
}

/// In single quotes, for bash and zsh.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + '\'';
}

std::string joined(const std::vector<std::string>& words) {
  return shell_quoted(fmt::format("{}", fmt::join(words, " ")));
}

/// " adapter train", as the scripts keep a command.
std::string key_of(const CommandRow& row) {
  std::string key;
  for (const std::string& name : row.path) key += ' ' + name;
  return key;
}

// bash takes "--format=csv" apart at the sign. Where there is nothing to choose from, a file is meant.
constexpr std::string_view kBash =
    R"(# bash completion of mi2: source it, or put it into /usr/share/bash-completion/completions/mi2
_mi2() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command="" words="" options=""
  local i
  if [[ $word == "=" ]]; then
    word=""
  elif [[ $before == "=" ]]; then
    before=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command ${{COMP_WORDS[i]}}" in
{}    esac
  done
  COMPREPLY=()
  case "$command:$before" in
{}  esac
  case "$command" in
{}  esac
  if [[ $word == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _mi2 mi2
)";

std::string bash(const std::vector<CommandRow>& table) {
  std::string commands;
  std::string values;
  std::string options;
  for (const CommandRow& row : table) {
    const std::string key = key_of(row);
    if (!row.path.empty()) commands += fmt::format("      {}) command={} ;;\n", shell_quoted(key), shell_quoted(key));
    options += fmt::format("    {}) words={} options={} ;;\n", shell_quoted(key), joined(words_of(row)),
                           joined(options_of(row)));
    for (const OptionRow& option : row.options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(shell_quoted(fmt::format("{}:{}", key, name)));
      const std::string reply =
          option.choices.empty() ? std::string()
                                 : fmt::format(" COMPREPLY=($(compgen -W {} -- \"$word\"));", joined(option.choices));
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
      // The value is the next word, or follows "--name=" or "-n".
      const std::string_view joint = option.value.empty() ? "" : name.starts_with("--") ? "=" : "+";
      text += fmt::format(" {}", shell_quoted(fmt::format("*{}{}[{}]{}", name, joint, zsh_text(option.help), value)));
    }
  }
  const std::vector<std::string> words = words_of(row);
  if (words.empty()) return text + " '*:file:_files'";
  return text + fmt::format(" '1:{}:({})'", row.commands.empty() ? "word" : "command", fmt::join(words, " "));
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

/// fish knows \' and \\ inside its single quotes.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + '\'';
}

constexpr std::string_view kFish = R"(# fish completion of mi2: put it into ~/.config/fish/completions/mi2.fish
function __mi2_at --description 'whether this command is being typed'
  set --local words (commandline --tokenize --cut-at-cursor --current-process)
  set --local command ''
  for word in $words[2..]
    switch "$command $word"
{}    end
  end
  test "$command" = "$argv"
end
)";

std::string fish_option(const OptionRow& option) {
  std::string text;
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
  }
  if (!option.choices.empty()) text += fmt::format(" -x -a {}", joined(option.choices));
  if (!option.value.empty() && option.choices.empty()) text += " -r";
  return text + fmt::format(" -d {}\n", fish_quoted(option.help));
}

std::string fish(const std::vector<CommandRow>& table) {
  std::string commands;
  std::string rules;
  for (const CommandRow& row : table) {
    const std::string key = key_of(row);
    if (!row.path.empty()) {
      commands += fmt::format("      case {0}\n        set command {0}\n", shell_quoted(key));
    }
    const std::string start = fmt::format("complete -c mi2 -n \"__mi2_at {}\"", shell_quoted(key));
    for (const std::string& word : words_of(row)) {
      rules += fmt::format("{} -f -a {} -d {}\n", start, word, fish_quoted(summary_of(table, row.path, word)));
    }
    for (const OptionRow& option : row.options) {
      if (!option.positional) rules += start + fish_option(option);
    }
  }
  return fmt::format(kFish, commands) + rules;
}

}  // namespace

std::string completion_of(const std::vector<CommandRow>& commands, const std::string& shell) {
  const std::vector<CommandRow> table = with_explained(commands);
  if (shell == "bash") return bash(table);
  if (shell == "zsh") return zsh(table);
  if (shell == "fish") return fish(table);
  throw Error(Code::kBadArgument, fmt::format("completion: expected bash, zsh or fish, got {}", shell));
}

}  // namespace mi2::cli
