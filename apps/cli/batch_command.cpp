// mi2 batch: a file of rows to a file of answers.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "arguments.hpp"
#include "batch/batch.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/engines.hpp"
#include "exit_status.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "protocols/service.hpp"

namespace mi2::cli {
namespace {

struct BatchArguments {
  ModelArguments model;
  std::string input;
  std::string output;
  std::string format;
  bool restart = false;
  bool force = false;
};

constexpr std::string_view kBatchHelp =
    R"(Input and output, by the name of IN (.jsonl and .ndjson are jsonl) or --format:
  csv    IN has the header image,text (in any order, or only one) and one record per row;
         images are files that mi2 embed reads, as base64. OUT has no header:
         row,image_features,text_features,scaling_factor,error
         with rows counted from 1 and vectors as "[[0.1,..]]". Of a classifier:
         row,scores,error with scores as "[{""label"":..,""score"":..},..]".
         IN may be a folder: its *.csv, by name. The first column of OUT is then the file's
         name, and rows are counted in each file.
  jsonl  Each line of IN is {"image": "<base64>", "text": ".."}, with either key or both.
         Each line of OUT is a row of POST /score, or {"error": {"code": .., "message": ..}}.

OUT has one line per row of IN, in order. A failed row's line holds the error, which is
also printed to standard error; the others are still processed, and the status is 8.

After a crash, a kill or Ctrl-C the same command resumes where it stopped: finished rows
are in OUT.part, and OUT.job says what they depend on. Another input, model or option is
refused; --restart starts over. OUT appears only when it is complete.
Memory does not grow with IN: at most two times --batch rows are held, and --batch for each
device more.

Examples:
  mi2 batch --model DIR studies.csv vectors.csv
  mi2 batch --model DIR --batch 16 --dtype bf16 rows.jsonl vectors.jsonl
)";

batch::Format format_of(const BatchArguments& arguments) {
  if (!arguments.format.empty()) {
    return arguments.format == "csv" ? batch::Format::kCsv : batch::Format::kJsonLines;
  }
  const std::string_view name = arguments.input;
  std::error_code ignored;
  if (name.ends_with(".csv") || std::filesystem::is_directory(arguments.input, ignored)) return batch::Format::kCsv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return batch::Format::kJsonLines;
  throw Error(Code::kBadArgument,
              fmt::format("{}: expected a name that ends in .csv, .jsonl or .ndjson, or --format csv or jsonl", name));
}

int run_batch(const BatchArguments& arguments) {
  batch::Options options;
  options.input = arguments.input;
  options.output = arguments.output;
  options.format = format_of(arguments);
  options.restart = arguments.restart;
  options.replace = arguments.force;
  catch_interrupts();
  Progress progress(0, "");
  progress.begin("loading the model");
  const std::vector<Device>& devices = arguments.model.devices;
  const std::vector<Embedder> embedders = embedder::open_on(arguments.model.model, arguments.model.options, devices);
  options.rows_per_pass = batch_of(arguments.model, embedders.front());
  const protocols::ServedModel model = protocols::describe_model("batch", embedders.front(), arguments.model.model);
  note_device(devices.front(), embedders.front(), progress);
  progress.begin("reading the rows");
  options.on_engine_lost = [&](const Device& device, std::string_view reason) {
    progress.note(fmt::format("device {} failed, the others go on: {}", to_string(device), reason));
  };
  options.on_progress = [&, first = true](const base::Progress& at) mutable {
    const bool resumed = std::exchange(first, false) && at.done > 0;
    if (resumed) progress.note(fmt::format("resuming after {} of {} rows", at.done, at.total));
    progress.show(at);
    throw_if_interrupted();
  };
  options.on_doubtful = [&](std::uint64_t row, std::span<const std::string> warnings) {
    for (const std::string& warning : warnings) progress.warn(fmt::format("warning: row {}: {}", row, warning));
  };
  options.on_failed = [&](const Error& error) { progress.warn(error.what()); };
  const batch::Summary summary = batch::run(embedders, model, options);
  progress.hide();
  if (summary.failed == 0) return 0;
  progress.warn(fmt::format("{} of {} rows failed; the result says why in their places", summary.failed, summary.rows));
  return kExitPartial;
}

}  // namespace

void add_batch(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<BatchArguments>();
  arguments->model.options.image.profile = Profile::kAzure;
  add_model_arguments(command, arguments->model, true);
  add_one_frame(command, arguments->model.options.image.frames);
  add_slide(command, arguments->model.options.image.slide);
  command.add_option("IN", arguments->input, "A CSV or JSON lines file of images and texts, or a folder of CSVs")
      ->required();
  command.add_option("OUT", arguments->output, "The file of answers")->required();
  command.add_option("-f,--format", arguments->format, "Of IN and OUT (default: by the name of IN)")
      ->type_name("csv|jsonl")
      ->transform(one_of({"csv", "jsonl"}));
  command.add_flag("--restart", arguments->restart, "Throw away what an earlier run left");
  command.add_flag("--force", arguments->force, "Replace OUT if it already exists");
  command.footer(fmt::format("{}\n{}", kBatchHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.devices);
    session.run = [arguments] { return run_batch(*arguments); };
  });
}

}  // namespace mi2::cli
