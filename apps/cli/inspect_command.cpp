// mi2 inspect: what a model directory, a safetensors file or a config holds.

#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "base/quotes.hpp"
#include "base/sha256_text.hpp"
#include "base/table.hpp"
#include "command.hpp"
#include "models/inspect.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

struct InspectArguments {
  std::string path;
  std::string sha256;
  bool json = false;
};

constexpr const char* kInspectHelp = R"(Output:
  Configuration, parameters, element types, names and SHA-256; for a model folder also
  whether its weights would load and which tensors prevent it; for a file of
  mi2 pack what it was made from and whether its checksums match. --json adds every
  tensor's name, dtype and shape. The exit status is 0 for whatever can be read.

  Of a model it says whether it is MedImageInsight as published: by configuration,
  names and shapes, and with --sha256 by the weights themselves; these are compared
  for any file that has weights.

Examples:
  mi2 inspect DIR
  mi2 inspect weights.safetensors --json
  mi2 inspect DIR --sha256 HEX
  mi2 inspect DIR/config.yaml
)";

models::Published published_by(const InspectArguments& arguments) {
  models::Published published;
  published.sha256 = base::lower_ascii(arguments.sha256);
  if (published.sha256.empty()) return published;
  if (!base::is_sha256(published.sha256)) {
    throw Error(Code::kBadArgument,
                fmt::format("--sha256: expected 64 hexadecimal digits, got {}", base::in_quotes(arguments.sha256)));
  }
  if (models::is_config(arguments.path)) {
    throw Error(Code::kBadArgument, fmt::format("--sha256: {} has no weights to compare with it", arguments.path));
  }
  return published;
}

std::string report_of(const InspectArguments& arguments) {
  const models::Published published = published_by(arguments);
  const Waiting waiting("reading the model");
  return arguments.json ? models::inspect_json(arguments.path, published) + "\n"
                        : models::inspect_text(arguments.path, published);
}

int inspect_path(const InspectArguments& arguments) {
  const auto output = open_output("-");
  output->write(report_of(arguments));
  output->commit();
  return 0;
}

}  // namespace

void add_inspect(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<InspectArguments>();
  command.add_option("PATH", arguments->path, "A model folder, a packed file, a safetensors file or a config (*.yaml)")
      ->required();
  command
      .add_option("--sha256", arguments->sha256, "The hash of the weights that their publisher gives, to compare with")
      ->type_name("HEX");
  command.add_flag("--json", arguments->json, "Print one JSON object");
  command.footer(fmt::format("{}\n{}", kInspectHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return inspect_path(*arguments); }; });
}

}  // namespace mi2::cli
