// mi2 inspect: what a model directory, a safetensors file or a config holds.

#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "arguments.hpp"
#include "command.hpp"
#include "models/inspect.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

struct InspectArguments {
  std::string path;
  bool json = false;
};

constexpr const char* kInspectHelp = R"(Output:
  Configuration, parameters, element types, names and SHA-256; for a model folder also
  whether its weights would load and which tensors prevent it; for a file of
  mi2 pack what it was made from and whether its checksums match. --json adds every
  tensor's name, dtype and shape. The exit status is 0 for whatever can be read.

Examples:
  mi2 inspect DIR
  mi2 inspect weights.safetensors --json
  mi2 inspect DIR/config.yaml
)";

std::string report_of(const InspectArguments& arguments) {
  const Waiting waiting("reading the model");
  return arguments.json ? models::inspect_json(arguments.path) + "\n" : models::inspect_text(arguments.path);
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
  command.add_flag("--json", arguments->json, "Print one JSON object");
  command.footer(fmt::format("{}\n{}", kInspectHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return inspect_path(*arguments); }; });
}

}  // namespace mi2::cli
