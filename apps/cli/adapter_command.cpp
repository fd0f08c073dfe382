// mi2 adapter: small classifiers on embeddings; and mi2 adapter import, which needs no model.

#include "adapter_command.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapter/adapter.hpp"
#include "adapter/adapter_files.hpp"
#include "arguments.hpp"
#include "command.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

constexpr std::array kAdapterCommands{
    Command{"train", "Train an adapter on embeddings and labels", add_adapter_train},
    Command{"classify", "Score images or embeddings with an adapter", add_adapter_classify},
    Command{"import", "Take over an adapter of the healthcareai toolkit", add_adapter_import},
};

constexpr std::string_view kAdapterHelp =
    R"(An adapter is a small classifier on embeddings: the model stays as it is, and training takes
seconds. It is a pair of files, NAME.safetensors and NAME.json: weights; labels, thresholds,
temperature, and what it was trained on.

Examples:
  mi2 embed --model DIR --provenance --out e.jsonl images/
  mi2 adapter train --embeddings e.jsonl --labels labels.csv --out lesions --report report
  mi2 adapter classify --head lesions --model DIR new.dcm

See 'mi2 adapter COMMAND --help'.
)";

struct ImportArguments {
  std::string config;
  std::string weights;
  std::string out;
  bool force = false;
};

constexpr std::string_view kImportHelp =
    R"(CONFIG is the toolkit's adapter_model folder or the config.json in it, which holds
in_channels, hidden_dim and labels. The weights are the one *.safetensors in that folder, or
else the one that torch.save() wrote (.pth, .pt, .bin, .ckpt), or --weights FILE. Of such a
file the tensors are read and nothing is run; what is not weights is refused.

Examples:
  mi2 adapter import --out chest adapter_model/
  mi2 adapter import --out chest --weights model.safetensors config.json
)";

int import(const ImportArguments& arguments) {
  check_adapter_is_new(arguments.out, arguments.force);
  const adapter::Adapter adapter = adapter::import_toolkit(arguments.config, arguments.weights);
  adapter.save(adapter::stem_of(arguments.out));
  Progress(0, "").note(fmt::format("{}: {} adapter, {} labels, {} dimensions", adapter::stem_of(arguments.out).string(),
                                   adapter::name_of(adapter.description().kind), adapter.labels().size(),
                                   adapter.description().in_channels));
  return 0;
}

}  // namespace

void check_adapter_is_new(const std::string& out, bool force) {
  if (force) return;
  for (const char* suffix : {".safetensors", ".json"}) {
    const std::string file = adapter::stem_of(out).string() + suffix;
    if (std::filesystem::exists(file)) {
      throw Error(Code::kBadArgument, fmt::format("{}: already exists; --force replaces it", file));
    }
  }
}

void add_adapter_import(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ImportArguments>();
  command.add_option("-o,--out", arguments->out, "Write NAME.safetensors and NAME.json")->type_name("NAME")->required();
  command.add_option("--weights", arguments->weights, "The weights (default: those beside the config)")
      ->type_name("FILE");
  command.add_flag("--force", arguments->force, "Replace an adapter that already exists");
  command.add_option("CONFIG", arguments->config, "The folder or its config.json")->type_name("")->required();
  command.footer(fmt::format("{}\n{}", kImportHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return import(*arguments); }; });
}

void add_adapter(CLI::App& command, Session& session) {
  command.require_subcommand(1);
  for (const Command& row : kAdapterCommands) row.add(*command.add_subcommand(row.name, row.summary), session);
  command.footer(fmt::format("{}\n{}", kAdapterHelp, exit_status_help()));
}

}  // namespace mi2::cli
