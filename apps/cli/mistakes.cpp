#include "mistakes.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "suggest.hpp"

namespace mi2::cli {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

/// What others call our commands and options.
constexpr std::array kCommandWords{
    Pair{"encode", "embed"},    Pair{"embeddings", "embed"},   Pair{"vectors", "embed"},   Pair{"predict", "classify"},
    Pair{"label", "classify"},  Pair{"zero-shot", "classify"}, Pair{"info", "inspect"},    Pair{"show", "inspect"},
    Pair{"check", "inspect"},   Pair{"server", "serve"},       Pair{"start", "serve"},     Pair{"finetune", "train"},
    Pair{"fine-tune", "train"}, Pair{"fit", "train"},          Pair{"benchmark", "bench"}, Pair{"convert", "pack"},
    Pair{"quantize", "pack"},   Pair{"search", "knn"},         Pair{"head", "adapter"},    Pair{"tokens", "tokenize"}};
constexpr std::array kOptionWords{
    Pair{"--precision", "--dtype"}, Pair{"--weights", "--model"},   Pair{"--checkpoint", "--model"},
    Pair{"--classes", "--labels"},  Pair{"--prompt", "--template"}, Pair{"--workers", "--threads"},
    Pair{"--jobs", "--threads"},    Pair{"--gpu", "--device"},      Pair{"--query", "--text"},
    Pair{"--overwrite", "--force"}, Pair{"--list", "--files-from"}, Pair{"--type", "--dtype"}};

template <std::size_t Size>
std::string meant(std::string_view typed, const std::array<Pair, Size>& words, const std::vector<std::string>& known) {
  for (const auto& [word, ours] : words) {
    if (word == typed && std::find(known.begin(), known.end(), ours) != known.end()) {
      return fmt::format("; did you mean {}?", ours);
    }
  }
  return hint(typed, known);
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(fmt::format("--{}", name));
  }
  return names;
}

/// The command that was parsed to the end, and how it is called: "adapter train".
std::pair<const CLI::App*, std::string> innermost(const CLI::App& app) {
  const CLI::App* at = &app;
  std::string name;
  for (auto parsed = at->get_subcommands(); !parsed.empty(); parsed = at->get_subcommands()) {
    at = parsed.front();
    name += fmt::format("{}{}", name.empty() ? "" : " ", at->get_name());
  }
  return {at, name};
}

bool is_option(std::string_view argument) { return argument.size() > 1 && argument.front() == '-'; }

std::string explain_extra(const CLI::App& app, const CLI::App& command, const std::string& name,
                          const std::string& extra) {
  const std::string typed = extra.substr(0, extra.find('='));
  if (!name.empty() && is_option(extra)) {
    return fmt::format("{}: no option {}{}", name, typed, meant(typed, kOptionWords, options_of(command)));
  }
  if (!name.empty() && command.get_subcommands({}).empty()) {
    return fmt::format("{}: did not expect '{}'", name, extra);
  }
  const std::vector<std::string> known = commands_of(command);
  if (!is_option(extra)) {
    return fmt::format("no command '{}{}{}'{}", name, name.empty() ? "" : " ", extra,
                       meant(extra, kCommandWords, known));
  }
  for (const CLI::App* other : app.get_subcommands({})) {
    const std::vector<std::string> options = options_of(*other);
    if (std::find(options.begin(), options.end(), typed) == options.end()) continue;
    return fmt::format("{} stands before the command; options follow it: mi2 COMMAND {} ..", typed, typed);
  }
  return fmt::format("no option {}{}", typed, hint(typed, options_of(app)));
}

}  // namespace

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  auto [command, name] = innermost(app);
  if (command->remaining(true).empty()) {
    // What stands before a command is left over at its parent.
    command = &app;
    if (!app.remaining().empty()) name.clear();
  }
  const std::string help = fmt::format("(try 'mi2 {}{}--help')", name, name.empty() ? "" : " ");
  const std::vector<std::string> extras = command->remaining(true);
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  // An option that is mistyped is also one that is missing; the typing is what has to be mended.
  const auto option = std::find_if(extras.begin(), extras.end(), is_option);
  if (option != extras.end() && (missing || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)) {
    return fmt::format("{} {}", explain_extra(app, *command, name, *option), help);
  }
  const bool incomplete = missing && !command->get_subcommands({}).empty();
  if (!extras.empty() && (incomplete || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)) {
    return fmt::format("{} {}", explain_extra(app, *command, name, extras.front()), help);
  }
  std::string message = error.what();
  if (missing && message.starts_with("--model ")) message += ", or MI2_MODEL in the environment";
  if (missing && !name.empty()) message = fmt::format("{}: {}", name, message);
  return fmt::format("{} {}", message, help);
}

}  // namespace mi2::cli
