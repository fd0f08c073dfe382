#pragma once
// The program's commands and options as data: what its help, manual pages and completions are made from.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mi2::cli {

struct OptionRow {
  std::vector<std::string> names;  ///< "-o", "--out"; of a positional one, its name
  bool positional = false;
  bool required = false;
  std::string value;                 ///< "FILE"; empty: a flag
  std::vector<std::string> choices;  ///< of a value, or a positional one, that is one of a few words
  bool repeats = false;
  std::string help;
  std::string usual;  ///< the default, as help has it
};

struct CommandRow {
  std::vector<std::string> path;  ///< "adapter", "train"; empty: the program itself
  std::string summary;
  std::vector<OptionRow> options;
  std::vector<std::string> commands;  ///< below it
  std::string footer;
};

/// The program first, then each command, one inside another behind it.
std::vector<CommandRow> command_table(const CLI::App& app);

/// "mi2 adapter train", with `between` for blanks.
std::string title_of(const CommandRow& row, char between = ' ');

/// The manual page of a command, for man(1).      Source: man(7).
std::string manual_of(const CommandRow& row, const std::string& version);

/// A shell's completion of all commands. @param shell  "bash", "zsh" or "fish".
std::string completion_of(const std::vector<CommandRow>& table, const std::string& shell);

}  // namespace mi2::cli
