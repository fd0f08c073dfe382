// mi2 package: a model as a folder that MLflow or Azure ML deploys.

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "export/package.hpp"

#include <mi2/dtype.hpp>

#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "interrupt.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

struct PackageArguments {
  std::string kind;
  std::string model;
  std::string out;
  exporting::PackageOptions options;
};

constexpr std::string_view kPackageHelp =
    R"(KIND:
  mlflow   a model directory with the signature of the hosted model (columns image and
           text; its params): mlflow.pyfunc.load_model and mlflow models serve run it
  azureml  endpoint and deployment YAML, online and batch, scoring scripts for
           azureml-inference-server-http, a container file; its README.md has the commands

OUT is a new folder; it appears when it is complete. The model's files are
copied into it. Predictions come from the Python package medimageinsight, which its
environment installs: give the wheel that 'pip wheel .' made here with --wheel, or leave
it to a package index of yours.

Examples:
  mi2 package mlflow --model DIR --wheel medimageinsight-*.whl out/mlflow
  mlflow models serve --model-uri out/mlflow --env-manager local --port 5001
  mi2 package azureml --model model.bf16.mi2 --wheel medimageinsight-*.whl out/azureml
)";

int package(const PackageArguments& arguments) {
  catch_interrupts();
  exporting::PackageOptions options = arguments.options;
  options.kind = arguments.kind == "mlflow" ? exporting::PackageKind::kMlflow : exporting::PackageKind::kAzureMl;
  Progress bar(0, "");
  bar.begin("reading the model");
  options.on_progress = [&](const base::Progress& at) {
    bar.show(at);
    throw_if_interrupted();
  };
  exporting::package_model(arguments.model, arguments.out, options);
  bar.note(fmt::format("{}: ready for {}", arguments.out, arguments.kind));
  return 0;
}

}  // namespace

void add_package(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<PackageArguments>();
  exporting::PackageOptions& options = arguments->options;
  add_model_path(command, arguments->model);
  command
      .add_option_function<std::string>(
          "--wheel", [&options](const std::string& path) { options.wheel = path; },
          "The wheel of medimageinsight to put in")
      ->type_name("FILE");
  add_dtype(command, options.dtype, true, "What the model computes in (default: what a packed file holds, else f32)");
  add_device(command, options.device);
  add_profile(command, "--profile", options.profile, "How images are prepared; azure: as the hosted model does");
  command.add_option("--python", options.python, "Python of the environments; the wheel's")
      ->type_name("3.N")
      ->capture_default_str();
  command.add_option("--name", options.name, "Name of endpoint, model and environment (azureml)")
      ->type_name("NAME")
      ->capture_default_str();
  command.add_option("KIND", arguments->kind, "mlflow or azureml")
      ->type_name("")
      ->required()
      ->transform(one_of({"mlflow", "azureml"}));
  command.add_option("OUT", arguments->out, "The folder to write")->type_name("")->required();
  command.footer(fmt::format("{}\n{}", kPackageHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return package(*arguments); }; });
}

}  // namespace mi2::cli
