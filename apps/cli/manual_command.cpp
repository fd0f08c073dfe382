// mi2 help, mi2 man and mi2 completion: what the program says about itself.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "command_table.hpp"
#include "output.hpp"
#include "suggest.hpp"

namespace mi2::cli {
namespace {

constexpr std::string_view kManHelp = R"(Prints a manual page; with --dir, writes all of them, for install:
  mi2 man embed | man -l -
  mi2 man --dir /usr/local/share/man/man1
)";
constexpr std::string_view kCompletionHelp = R"(Prints what makes a shell complete commands, options and their values:
  source <(mi2 completion bash)
  mi2 completion zsh > ~/.zfunc/_mi2
  mi2 completion fish > ~/.config/fish/completions/mi2.fish
)";

void print_all(const std::string& text) {
  const auto output = open_output("-");
  output->write(text);
  output->commit();
}

/// The row of a command. @throws Error{kBadArgument} for one that does not exist.
const CommandRow& find(const std::vector<CommandRow>& table, const std::vector<std::string>& path) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const CommandRow& row) { return row.path == path; });
  if (found != table.end()) return *found;
  const std::string typed = path.empty() ? std::string() : path.front();
  throw Error(Code::kBadArgument,
              fmt::format("no command '{}'{}", fmt::join(path, " "), hint(typed, table.front().commands)));
}

/// What --help of a command prints. App::help() would explain the command that was parsed.
std::string help_of(const CLI::App& root, const std::vector<std::string>& path) {
  const std::vector<CommandRow> table = command_table(root);
  const CommandRow& row = find(table, path);
  const CLI::App* app = &root;
  for (const std::string& name : path) app = app->get_subcommand(name);
  return app->get_formatter()->make_help(app, title_of(row), CLI::AppFormatMode::Normal);
}

void write_manuals(const CLI::App& root, const std::string& folder) {
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  if (fault) throw Error(Code::kBadFile, fmt::format("{}: cannot be made: {}", folder, fault.message()));
  for (const CommandRow& row : command_table(root)) {
    const auto output = open_output((std::filesystem::path(folder) / (title_of(row, '-') + ".1")).string());
    output->write(manual_of(row, std::string(version())));
    output->commit();
  }
}

}  // namespace

void add_help(CLI::App& command, Session& session) {
  const CLI::Option* const path = add_positionals(command, "COMMAND", "The command to explain");
  command.callback([path, root = command.get_parent(), &session] {
    session.run = [path, root] {
      print_all(help_of(*root, values_of(path)));
      return 0;
    };
  });
}

void add_man(CLI::App& command, Session& session) {
  const auto folder = std::make_shared<std::string>();
  command.add_option("--dir", *folder, "Write all pages into this folder")->type_name("DIR");
  const CLI::Option* const path = add_positionals(command, "COMMAND", "The command (default: mi2 itself)");
  command.footer(std::string(kManHelp));
  command.callback([path, folder, root = command.get_parent(), &session] {
    session.run = [path, folder, root] {
      if (!folder->empty()) {
        write_manuals(*root, *folder);
      } else {
        print_all(manual_of(find(command_table(*root), values_of(path)), std::string(version())));
      }
      return 0;
    };
  });
}

void add_completion(CLI::App& command, Session& session) {
  const auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "Whose")
      ->type_name("bash|zsh|fish")
      ->transform(one_of({"bash", "zsh", "fish"}))
      ->required();
  command.footer(std::string(kCompletionHelp));
  command.callback([shell, root = command.get_parent(), &session] {
    session.run = [shell, root] {
      print_all(completion_of(command_table(*root), *shell));
      return 0;
    };
  });
}

}  // namespace mi2::cli
