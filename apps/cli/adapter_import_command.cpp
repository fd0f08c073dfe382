// mi2 adapter import: adapters that others made, without a model.

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "adapter/adapter.hpp"
#include "adapter/adapter_files.hpp"
#include "adapter_command.hpp"
#include "arguments.hpp"
#include "inputs.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

struct ImportArguments {
  std::string from;
  std::string weights;
  std::string labels;
  std::string labels_file;
  std::string out;
  bool force = false;
};

constexpr std::string_view kImportHelp =
    R"(FROM is one of:
  a folder   the toolkit's adapter_model, or the config.json in it, which holds in_channels,
             hidden_dim and labels. The weights are the one *.safetensors in that folder, or
             else the one that torch.save() wrote (.pth, .pt, .bin, .ckpt), or --weights FILE
  weights    alone: best_metric_model.pth, adapter_model.pth or a .safetensors of that
             architecture; sizes are those of the tensors, and --labels names the outputs
  head.json  of scikit-learn: StandardScaler and LogisticRegression, MLPClassifier or SVC,
             written as docs/adapters.md shows
Of a .pth the tensors are read and nothing is run; what is not weights is refused.

Examples:
  mi2 adapter import --out chest adapter_model/
  mi2 adapter import --out chest --weights model.safetensors config.json
  mi2 adapter import --out chest --labels "Effusion,No Finding" best_metric_model.pth
  mi2 adapter import --out chest head.json
)";

std::vector<std::string> names_of_outputs(const ImportArguments& arguments) {
  if (!arguments.labels_file.empty()) return read_labels(arguments.labels_file);
  return listed_labels(arguments.labels, "--labels");
}

int import(const ImportArguments& arguments) {
  check_adapter_is_new(arguments.out, arguments.force);
  const adapter::Adapter adapter =
      adapter::import_adapter(arguments.from, arguments.weights, names_of_outputs(arguments));
  adapter.save(adapter::stem_of(arguments.out));
  Progress(0, "").note(fmt::format("{}: {} adapter, {} labels, {} dimensions", adapter::stem_of(arguments.out).string(),
                                   adapter::name_of(adapter.description().kind), adapter.labels().size(),
                                   adapter.description().in_channels));
  return 0;
}

}  // namespace

void add_adapter_import(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ImportArguments>();
  command.add_option("-o,--out", arguments->out, "Write NAME.safetensors and NAME.json")->type_name("NAME")->required();
  command.add_option("--weights", arguments->weights, "The weights (default: those beside the config)")
      ->type_name("FILE");
  CLI::Option* const labels =
      command.add_option("-l,--labels", arguments->labels, "Names of the outputs, separated by commas, or a JSON list");
  labels->type_name("A,B,C");
  command
      .add_option("--labels-file", arguments->labels_file, "A file with one label per line, a *.json list or a *.csv")
      ->type_name("FILE")
      ->excludes(labels);
  command.add_flag("--force", arguments->force, "Replace an adapter that already exists");
  command.add_option("FROM", arguments->from, "A folder, its config.json, weights, or a JSON file")
      ->type_name("")
      ->required();
  command.footer(fmt::format("{}\n{}", kImportHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return import(*arguments); }; });
}

}  // namespace mi2::cli
