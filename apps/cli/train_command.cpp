// mi2 train: from images and labels to a model directory.

#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "train/config/config.hpp"
#include "train/train.hpp"

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "training_run.hpp"

namespace mi2::cli {
namespace {

constexpr std::string_view kTrainHelp =
    R"(CONFIG.yaml names the model to start from, the data, and how to train; docs/training-config.md
lists every key, and --print-config shows all of them with their values. The keys of the
reference's own configurations are accepted unchanged; an unknown key is an error.

SAVE_DIR receives checkpoints/ (to resume after a crash: --resume), model/ and best/ (model
directories, for every command that takes --model), log.jsonl, TensorBoard events, and at
the end steps.csv, evaluations.csv, curves.svg and report.json. Ctrl-C leaves a checkpoint.
A LoRA run (LORA.RANK) trains a small file, lora.safetensors beside each model: --lora FILE of
the other commands. HOOK.COMMAND is run at each evaluation.
Standard output is one line of JSON: how the run ended, its best figure, its models.

--dry-run tries it first: it reads all labels and one batch, takes one step, and reports its time
and memory, the disk that the run needs, and about how long it takes. SAVE_DIR/dry-run.png shows
the first images as the model sees them, with their texts (dry-run.csv has all). Nothing else
is kept. --print-config opens neither data nor model.

--resume compares the data and the settings with those of the checkpoint: what has changed is an
error, unless --allow-change KEY says that it is meant to.

A broken image is reported, counted and left out. A step whose loss is not finite is left
out; ten in a row end the run. A full disk ends it; earlier checkpoints stay whole.

Several processes, of one or more machines, share each batch:
  mpirun -n 2 mi2 train CONFIG.yaml

Examples:
  mi2 train examples/train-starter/train.yaml --from-scratch
  mi2 train CONFIG.yaml --set MAX_NUM_EPOCHS=5 --output runs/short
  mi2 train CONFIG.yaml --dry-run
  mi2 train CONFIG.yaml --resume
  mi2 train CONFIG.yaml --resume --set START_LEARNING_RATE=1e-5 --allow-change START_LEARNING_RATE
  mi2 train CONFIG.yaml --print-config
)";

struct TrainArguments {
  std::string config;
  std::string output;
  std::string device;
  bool resume = false;
  bool print_config = false;
  bool from_scratch = false;
  bool dry_run = false;
};

/// Of a dry run, which has no steps to count.
class Listener final : public train::TrainObserver {
 public:
  Listener() { waiting_.emplace("reading the data and the model, and taking a step"); }
  void noted(std::string_view text) override {
    waiting_.reset();
    Progress(0, "").note(text);
  }

 private:
  std::optional<Waiting> waiting_;
};

void print_json(const nlohmann::ordered_json& json) {
  const auto output = open_output("-");
  output->write(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  output->commit();
}

void print_result(const train::TrainResult& result) {
  nlohmann::ordered_json json{{"end", name_of(result.end)}, {"steps", result.steps}};
  if (result.best) json["best"] = *result.best;
  if (!result.model.empty()) json["model"] = result.model.string();
  if (!result.best_model.empty()) json["best_model"] = result.best_model.string();
  if (!result.lora.empty()) json["lora"] = result.lora.string();
  if (!result.best_lora.empty()) json["best_lora"] = result.best_lora.string();
  print_json(json);
}

void print_rehearsal(const train::Rehearsal& found) {
  Progress(0, "").note(
      fmt::format("one step of {}: {}, loss {:.4f}; about {} for the {} that are left; {} shows the first "
                  "batch",
                  found.total_steps, duration_text(found.seconds_per_step), found.loss, duration_text(found.seconds),
                  found.total_steps - found.first_step, found.sheet.string()));
  const auto number = [](double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr; };
  const nlohmann::ordered_json json{{"end", "dry_run"},
                                    {"steps", found.total_steps - found.first_step},
                                    {"images", found.images},
                                    {"missing_images", found.missing_images},
                                    {"loss", number(found.loss)},
                                    {"gradient_norm", number(found.gradient_norm)},
                                    {"images_per_pass", found.images_per_pass},
                                    {"seconds_per_batch", found.seconds_per_batch},
                                    {"seconds_per_step", found.seconds_per_step},
                                    {"images_per_second", found.images_per_second},
                                    {"memory_bytes", found.memory_bytes},
                                    {"disk_bytes", found.disk_bytes},
                                    {"free_bytes", found.free_bytes},
                                    {"estimated_seconds", found.seconds},
                                    {"sheet", found.sheet.string()}};
  print_json(json);
}

int rehearse(train::TrainConfig& config, RunFolder& folder, const std::stop_token& stop) {
  config.dry_run = true;
  Listener listener;
  const train::TrainingEnd end = train::run_training(config, listener, stop);
  folder.keep();
  if (end.leads) print_rehearsal(end.rehearsal.value());
  return 0;
}

int train(const TrainArguments& arguments, std::vector<std::string> settings, std::vector<std::string> allowed) {
  if (!arguments.output.empty()) settings.push_back("SAVE_DIR=" + arguments.output);
  if (!arguments.device.empty()) settings.push_back("DEVICE=" + arguments.device);
  train::TrainConfig config = train::load_train_config(arguments.config, settings);
  if (arguments.print_config) {
    const auto output = open_output("-");
    output->write(to_yaml(config));
    output->commit();
    return 0;
  }
  config.resume = config.resume || arguments.resume;
  config.allowed_changes = std::move(allowed);
  config.model.from_scratch = arguments.from_scratch;
  RunFolder folder(config.output);
  // mpirun says SIGTERM more than once, and the second must not end a process that is writing its checkpoint.
  catch_interrupts(std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr);
  const InterruptStop stop;
  if (arguments.dry_run) return rehearse(config, folder, stop.token());
  const train::TrainingEnd end = train_shown(config, folder, stop.token());
  if (end.leads) print_result(end.result);
  if (end.result.end == train::RunEnd::kInterrupted) throw_if_interrupted();
  return 0;
}

}  // namespace

void add_train(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<TrainArguments>();
  command.add_option("CONFIG", arguments->config, "The run's settings")->type_name("FILE.yaml")->required();
  auto* const settings = add_repeatable(command, "--set", "A setting over the file's: KEY.SUB=VALUE");
  settings->type_name("KEY=VALUE");
  command.add_option("--output", arguments->output, "The run's folder, over SAVE_DIR")->type_name("DIR");
  command.add_option("--device", arguments->device, "Where to compute, over DEVICE: auto, cpu, cuda or cuda:N")
      ->type_name("NAME");
  command.add_flag("--resume", arguments->resume, "Resume from the last checkpoint in the run's folder");
  auto* const allowed =
      add_repeatable(command, "--allow-change", "With --resume: a setting that may differ from the checkpoint's");
  allowed->type_name("KEY");
  command.add_flag("--from-scratch", arguments->from_scratch,
                   "Start from random weights where MODEL is none, or a config.yaml");
  command.add_flag("--dry-run", arguments->dry_run,
                   "Read everything, take one step, say what the run would take, draw the first batch, and end");
  command.add_flag("--print-config", arguments->print_config, "Print every setting with its meaning, and exit");
  command.footer(fmt::format("{}\n{}", kTrainHelp, exit_status_help()));
  command.callback([arguments, settings, allowed, &session] {
    session.needs_torch = !arguments->print_config;
    session.run = [arguments, settings, allowed] { return train(*arguments, values_of(settings), values_of(allowed)); };
  });
}

}  // namespace mi2::cli
