// Keys of the run itself: where it starts, where it writes, how long it goes on, what it saves.

#include <array>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "energy/regions.hpp"
#include "train/config/keys.hpp"
#include "weights/names.hpp"

namespace mi2::train {
namespace {

constexpr std::int64_t kMaxSteps = 1'000'000'000'000;
constexpr double kMaxEpochs = 1e6;

std::optional<Device> device_named(const std::string& text) {
  try {
    return parse_device(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Device read_device(const Value& value) {
  const std::string text = value.text();
  const std::optional<Device> device = device_named(text);
  // libtorch trains, on the CPU as well.
  if (device && device->kind != Device::Kind::kTorch) return *device;
  value.fail(fmt::format("is {}, it must be auto, cpu, cuda or cuda:NUMBER", weights::in_quotes(text)));
}

std::string read_region(const Value& value) {
  try {
    return std::string(energy::region_named(value.short_text()).name);
  } catch (const Error& error) {
    if (error.code() != Code::kBadArgument) throw;
    value.fail(fmt::format("names no region: {}", error.what()));
  }
}

void read_save_steps(Draft& draft, const Value& value) {
  const std::int64_t steps = value.integer(-1, kMaxSteps);
  Cadence& cadence = draft.config.checkpoint.cadence;
  cadence.steps = std::max<std::int64_t>(steps, 0);
  cadence.epochs = steps == -1 ? 1 : 0;
}

std::string optional_number(const std::optional<double>& value) { return value ? yaml_number(*value) : "null"; }

constexpr std::array kKeys{
    Key{"NAME", "of the run, for logs", [](Draft& d, const Value& v) { d.config.name = v.short_text(); },
        [](const TrainConfig& c) { return yaml_text(c.name); }},
    Key{"MODEL", "model directory to start from, or a config.yaml to start from random weights",
        [](Draft& d, const Value& v) { d.config.model.path = v.short_text(); },
        [](const TrainConfig& c) { return c.model.path.empty() ? "null" : yaml_text(c.model.path.string()); }},
    Key{"SAVE_DIR", "folder of the run: logs, checkpoints, exported model",
        [](Draft& d, const Value& v) { d.config.output = v.short_text(); },
        [](const TrainConfig& c) { return yaml_text(c.output.string()); }},
    Key{"RESUME", "go on from the last checkpoint in SAVE_DIR",
        [](Draft& d, const Value& v) { d.config.resume = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.resume); }},
    Key{"DEVICE", "auto, cpu, cuda or cuda:NUMBER", [](Draft& d, const Value& v) { d.config.device = read_device(v); },
        [](const TrainConfig& c) { return to_string(c.device); }},
    Key{"SEED", "of order, augmentation, dropout and random weights",
        [](Draft& d, const Value& v) { d.config.seed = static_cast<std::uint64_t>(v.integer(0, kMaxSteps)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.seed); }},
    Key{"MAX_NUM_EPOCHS", "passes over the training data; 0: MAX_STEPS counts alone",
        [](Draft& d, const Value& v) { d.config.max_epochs = v.number(0, kMaxEpochs); },
        [](const TrainConfig& c) { return yaml_number(c.max_epochs); }},
    Key{"MAX_STEPS", "optimizer steps; 0: MAX_NUM_EPOCHS counts alone; with both, the shorter",
        [](Draft& d, const Value& v) { d.config.max_steps = v.integer(0, kMaxSteps); },
        [](const TrainConfig& c) { return fmt::format("{}", c.max_steps); }},
    Key{"LOG_EVERY", "steps between two lines of the log",
        [](Draft& d, const Value& v) { d.config.log_every = v.integer(1, kMaxSteps); },
        [](const TrainConfig& c) { return fmt::format("{}", c.log_every); }},
    Key{"DROP_RATE", "dropout; null: the model's own",
        [](Draft& d, const Value& v) { d.config.model.drop_rate = v.number(0, 0.99); },
        [](const TrainConfig& c) { return optional_number(c.model.drop_rate); }},
    Key{"DROP_PATH_RATE", "stochastic depth of the last block, growing linearly from 0; null: the model's own",
        [](Draft& d, const Value& v) { d.config.model.drop_path_rate = v.number(0, 0.99); },
        [](const TrainConfig& c) { return optional_number(c.model.drop_path_rate); }},
    Key{"ENABLE_CHECKPOINT", "compute activations again in the backward pass: less memory, more time",
        [](Draft& d, const Value& v) { d.config.model.activation_checkpointing = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.model.activation_checkpointing); }},
    Key{"UNICL_MODEL.PRETRAINED", "the reference's MODEL, if LOAD_PRETRAINED is not false",
        [](Draft& d, const Value& v) { d.pretrained = v.short_text(); }, nullptr},
    Key{"UNICL_MODEL.LOAD_PRETRAINED", "false: PRETRAINED is not used",
        [](Draft& d, const Value& v) { d.load_pretrained = v.flag(); }, nullptr},
    Key{"SAVE_PER_OPTIM_STEPS", "steps between two checkpoints; -1: every epoch; 0: only the last", read_save_steps,
        [](const TrainConfig& c) {
          return c.checkpoint.cadence.epochs > 0 ? "-1" : fmt::format("{}", c.checkpoint.cadence.steps);
        }},
    Key{"SAVE_PER_MINUTES", "minutes between two checkpoints, besides those; 0: none",
        [](Draft& d, const Value& v) { d.config.checkpoint.cadence.minutes = v.number(0, 1e6); },
        [](const TrainConfig& c) { return yaml_number(c.checkpoint.cadence.minutes); }},
    Key{"SAVE_STRATEGY.CHECKPOINT.KEEP_LAST_N", "checkpoints kept besides the best; -1: all",
        [](Draft& d, const Value& v) { d.config.checkpoint.keep_last = static_cast<int>(v.integer(-1, 1'000'000)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.checkpoint.keep_last); }},
    Key{"ENERGY.WATTS", "of one machine under this load, if known; 0: RAPL, else an estimate",
        [](Draft& d, const Value& v) { d.config.energy.watts = v.number(0, 1e6); },
        [](const TrainConfig& c) { return yaml_number(c.energy.watts); }},
    Key{"ENERGY.WATTS_PER_CORE", "of a busy core, for the estimate",
        [](Draft& d, const Value& v) { d.config.energy.watts_per_core = v.number(0, 1e4); },
        [](const TrainConfig& c) { return yaml_number(c.energy.watts_per_core); }},
    Key{"ENERGY.PUE", "what the building takes per kWh of its devices",
        [](Draft& d, const Value& v) { d.config.energy.overhead = v.number(1, 100); },
        [](const TrainConfig& c) { return yaml_number(c.energy.overhead); }},
    Key{"ENERGY.REGION", "whose electricity: a country or a cloud's region of `mi2 report carbon --list`",
        [](Draft& d, const Value& v) { d.config.energy.region = read_region(v); },
        [](const TrainConfig& c) { return yaml_text(c.energy.region); }},
    Key{"ENERGY.GRAMS_PER_KWH", "CO2 of the grid; null: the region's",
        [](Draft& d, const Value& v) { d.config.energy.grams_per_kwh = v.number(0, 1e5); },
        [](const TrainConfig& c) { return optional_number(c.energy.grams_per_kwh); }},
};

}  // namespace

std::span<const Key> run_keys() { return kKeys; }

}  // namespace mi2::train
