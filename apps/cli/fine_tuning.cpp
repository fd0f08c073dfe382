#include "fine_tuning.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/device.hpp>
#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "interrupt.hpp"
#include "training_run.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Settings = std::vector<recipe::TrainingSetting>;

constexpr std::uint64_t kMostReportBytes = 16ULL << 20;

Json read_json(const fs::path& path) {
  return base::parse_json(base::read_text_file(path, kMostReportBytes),
                          {.name = path.native(), .fault = Code::kBadFile});
}

/// A setting in place of the earlier one of its key, or after all.
void set(Settings& settings, const recipe::TrainingSetting& given) {
  const auto earlier = std::ranges::find(settings, given.key, &recipe::TrainingSetting::key);
  if (earlier == settings.end()) {
    settings.push_back(given);
  } else {
    *earlier = given;
  }
}

Settings merged(const recipe::Recipe& recipe, const std::vector<std::string>& given) {
  Settings settings = recipe::usual_fine_tuning();
  for (const recipe::TrainingSetting& setting : recipe.fine_tuning) set(settings, setting);
  for (const std::string& text : given) {
    const std::size_t equals = std::min(text.find('='), text.size());
    if (equals == text.size())
      throw Error(Code::kBadArgument, fmt::format("--set: expected KEY=VALUE, got '{}'", text));
    set(settings, {text.substr(0, equals), text.substr(equals + 1), "given", ""});
  }
  return settings;
}

std::vector<std::string> overrides_of(const Settings& settings) {
  std::vector<std::string> texts;
  for (const recipe::TrainingSetting& setting : settings) texts.push_back(setting.key + "=" + setting.value);
  return texts;
}

/// Whether a run trains and validates on our rows and goes where we look for it.
bool is_ours(const train::TrainConfig& config, const train::TrainConfig& ours) {
  return config.output == ours.output && config.model.path == ours.model.path && config.device == ours.device &&
         config.resume == ours.resume && config.data.train == ours.data.train &&
         config.data.validation == ours.data.validation && config.data.prompts == ours.data.prompts &&
         config.evaluation.knn_bank == ours.evaluation.knn_bank && (config.lora.rank == 0 || config.lora.merged);
}

std::string device_of(const Device& device) { return device.kind == Device::Kind::kTorch ? "cpu" : to_string(device); }

}  // namespace

FineTuning::FineTuning(const recipe::Recipe& recipe, recipe::TrainingRows rows, const ModelArguments& model,
                       std::string weights_sha256, const fs::path& folder, FineTuningArguments arguments)
    : folder_(fs::absolute(folder)),
      arguments_(std::move(arguments)),
      name_(recipe.name),
      weights_sha256_(std::move(weights_sha256)),
      rows_(std::move(rows)) {
  if (!fs::is_directory(model.model) || !model.options.lora.empty()) {
    throw Error(
        Code::kBadArgument,
        fmt::format("fine-tune: {}: expected the folder of a model, no packed file, and no --lora", model.model));
  }
  if (base::count_from_environment("OMPI_COMM_WORLD_SIZE").value_or(1) > 1) {
    throw Error(Code::kBadArgument, "fine-tune: mi2 evaluate is one process; expected no mpirun, or mi2 train for it");
  }
  settings_ = recipe::usual_fine_tuning();
  const train::TrainConfig ours = configured(model);
  const std::string mine =
      "SAVE_DIR, MODEL, DEVICE, RESUME, LORA.MERGED and what is trained and evaluated on are not to be "
      "chosen here";
  settings_ = merged(recipe, {});
  try {
    config_ = configured(model);
  } catch (const Error& error) {
    throw Error(Code::kBadFile, fmt::format("{}: fine_tuning: {}", name_, error.what()));
  }
  // A recipe may be anybody's: it says how to train, and runs nothing.
  if (!is_ours(config_, ours) || !config_.hook.command.empty()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: fine_tuning: {}, nor is HOOK.COMMAND; expected other keys", name_, mine));
  }
  settings_ = merged(recipe, arguments_.settings);
  config_ = configured(model);
  if (!is_ours(config_, ours)) {
    throw Error(Code::kBadArgument,
                fmt::format("--set: {}; expected other keys, or mi2 train for a run of your own", mine));
  }
  config_.resume = arguments_.resume;
  began_earlier_ = fs::exists(folder_ / "run");
  if (began_earlier_) check_earlier();
}

train::TrainConfig FineTuning::configured(const ModelArguments& model) const {
  const auto source = [this](std::string_view split) {
    Json columns = Json::object();
    for (const std::string& name : rows_.texts) columns[name] = 1;
    return Json::array(
        {{{"PATH", (folder_ / "manifest.csv").string()}, {"SPLIT", split}, {"CAPTION_COLUMNS", columns}}});
  };
  const Json base{{"NAME", fmt::format("fine-tune {}", name_)},
                  {"MODEL", fs::absolute(model.model).string()},
                  {"SAVE_DIR", (folder_ / "run").string()},
                  {"DEVICE", device_of(model.options.device)},
                  {"DATASET", {{"TRAIN", source("train")}, {"VALIDATION", source("val")}}}};
  return train::parse_train_config(base.dump(), "fine-tune", overrides_of(settings_));
}

Json FineTuning::plan() const {
  Json settings = Json::object();
  for (const recipe::TrainingSetting& setting : settings_) settings[setting.key] = setting.value;
  return {{"weights_sha256", weights_sha256_},
          {"manifest_sha256", base::sha256_hex(std::as_bytes(std::span(rows_.manifest)))},
          {"settings", std::move(settings)}};
}

/// A run of something else is neither gone on with nor taken for this one.
void FineTuning::check_earlier() const {
  if (!arguments_.resume) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: holds a fine-tuning already; go on with it by --resume, or choose another --out",
                            folder_.string()));
  }
  const Json earlier = read_json(folder_ / "plan.json");
  const Json now = plan();
  const auto refuse = [this](std::string_view what) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: holds a fine-tuning {}; expected the same, or another --out", folder_.string(), what));
  };
  if (earlier.value("weights_sha256", Json()) != now["weights_sha256"]) refuse("of other weights");
  if (earlier.value("manifest_sha256", Json()) != now["manifest_sha256"]) refuse("on other rows or texts");
  const Json before = earlier.value("settings", Json::object());
  for (const auto& [key, value] : now["settings"].items()) {
    if (before.value(key, Json()) != value) refuse(fmt::format("whose {} is another", key));
  }
  for (const auto& [key, value] : before.items()) {
    if (!now["settings"].contains(key)) refuse(fmt::format("whose {} is another", key));
  }
}

fs::path FineTuning::run() {
  const fs::path report = config_.output / "report.json";
  const auto is_done = [&] {
    if (!fs::exists(report)) return false;
    const std::string end = read_json(report).value("end", "");
    return end == name_of(train::RunEnd::kComplete) || end == name_of(train::RunEnd::kStoppedEarly);
  };
  if (!is_done()) {
    RunFolder run(config_.output);
    base::AtomicFiles files;
    files.add(folder_ / "manifest.csv", rows_.manifest);
    files.add(folder_ / "plan.json", plan().dump(2) + "\n");
    files.commit();
    const InterruptStop stop;
    const train::TrainingEnd end = train_shown(config_, run, stop.token());
    if (end.result.end == train::RunEnd::kInterrupted) throw_if_interrupted();
  }
  return config_.output / (read_json(report).contains("best") ? "best" : "model");
}

Json FineTuning::report() const {
  Json settings = Json::array();
  for (const recipe::TrainingSetting& setting : settings_) {
    settings.push_back(
        {{"key", setting.key}, {"value", setting.value}, {"from", setting.from}, {"note", setting.note}});
  }
  return {{"weights_sha256_before", weights_sha256_},
          {"rows",
           {{"train", rows_.train},
            {"validation", rows_.validation},
            {"validation_drawn", rows_.drawn},
            {"without_text", rows_.without_text},
            {"several_labels_in_validation", rows_.several_in_validation}}},
          {"settings", std::move(settings)},
          {"run", read_json(config_.output / "report.json")}};
}

}  // namespace mi2::cli
