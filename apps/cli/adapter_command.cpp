// mi2 adapter: small classifiers on embeddings.

#include "adapter_command.hpp"

#include <array>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "adapter/adapter_files.hpp"
#include "arguments.hpp"
#include "command.hpp"

namespace mi2::cli {
namespace {

constexpr std::array kAdapterCommands{
    Command{"train", "Train an adapter on embeddings and labels", add_adapter_train},
    Command{"classify", "Score images or embeddings with an adapter", add_adapter_classify},
    Command{"predict", "Give images or embeddings an adapter's number", add_adapter_predict},
    Command{"import", "Take over an adapter of the healthcareai toolkit or of scikit-learn", add_adapter_import},
    Command{"embed", "Write what an adapter's last layer sees, as embeddings", add_adapter_embed},
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

void add_adapter(CLI::App& command, Session& session) {
  command.require_subcommand(1);
  for (const Command& row : kAdapterCommands) row.add(*command.add_subcommand(row.name, row.summary), session);
  command.footer(fmt::format("{}\n{}", kAdapterHelp, exit_status_help()));
}

}  // namespace mi2::cli
