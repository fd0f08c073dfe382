#include "train/config/run_record.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>
#include "train/config/keys.hpp"
#include "train/config/suggest.hpp"
#include "weights/names.hpp"

namespace mi2::train {
namespace {

/// Another value changes no weight, or means something else on other machines. A key that is not here is compared.
constexpr std::array<std::string_view, 33> kNotCompared{
    "NAME",
    "MODEL",
    "SAVE_DIR",
    "RESUME",
    "DEVICE",
    "LOG_EVERY",
    "ENABLE_CHECKPOINT",
    "SAVE_PER_OPTIM_STEPS",
    "SAVE_PER_MINUTES",
    "SAVE_STRATEGY.CHECKPOINT.KEEP_LAST_N",
    "LORA.MERGED",
    "HOOK.COMMAND",
    "HOOK.TIMEOUT",
    "HOOK.REQUIRED",
    "ENERGY.WATTS",
    "ENERGY.WATTS_PER_CORE",
    "ENERGY.PUE",
    "ENERGY.REGION",
    "ENERGY.GRAMS_PER_KWH",
    "START_LEARNING_RATE",
    "NO_AUTO_LR_SCALING",
    "TRAIN.BATCH_SIZE_TOTAL",
    "TRAIN.BATCH_SIZE_PER_GPU",
    "WORKERS",
    "PREFETCH_FACTOR",
    "CACHE_MEGABYTES",
    "DATASET.TRAIN",
    "DATASET.VALIDATION",
    "DATASET.PROMPTS",
    "EVAL.KNN_BANK",
    "EVAL_AT_START",
    "EVAL.PATIENCE",
    "TEST.BATCH_SIZE_PER_GPU",
};
/// When something is evaluated: the best model is then another one, but of the same weights.
constexpr std::array<std::string_view, 3> kWhen{"EVAL_PER_OPTIM_STEPS", "EVAL_STRATEGY.EVAL_LAST_MODEL",
                                                "EVAL.EVERY_EPOCHS"};
/// How long a run is. More is going on longer; less is an error.
constexpr std::array<std::string_view, 2> kLengths{"MAX_STEPS", "MAX_NUM_EPOCHS"};

template <typename List>
bool holds(const List& list, std::string_view key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

std::string path_of(std::string_view key) {
  for (const auto& [alias, path] : key_aliases()) {
    if (key == alias) return std::string(path);
  }
  return std::string(key);
}

std::set<std::string> allowed_paths(const RunRecord& now, std::span<const std::string> allowed) {
  std::set<std::string> paths;
  for (const std::string& key : allowed) {
    const std::string path = path_of(key);
    if (!now.settings.contains(path)) {
      const std::string hint = suggestion(key);
      throw Error(Code::kBadArgument, fmt::format("--allow-change {}: no setting that resuming compares{}{}",
                                                  weights::in_quotes(key), hint.empty() ? "" : "; ", hint));
    }
    paths.insert(path);
  }
  return paths;
}

}  // namespace

std::map<std::string, std::string> settings_to_record(const TrainConfig& config) {
  std::map<std::string, std::string> settings;
  for (const Key& key : all_keys()) {
    if (key.write == nullptr || holds(kNotCompared, key.path) || holds(kWhen, key.path)) continue;
    settings.emplace(key.path, key.write(config));
  }
  return settings;
}

std::vector<std::string> check_changes(const RunRecord& before, const RunRecord& now,
                                       std::span<const std::string> allowed, std::string_view checkpoint) {
  const std::set<std::string> may = allowed_paths(now, allowed);
  std::vector<std::string> kept;
  std::vector<std::string> refused;
  for (const auto& [key, value] : now.settings) {
    const auto old = before.settings.find(key);
    if (old == before.settings.end() || old->second == value) continue;
    const std::string change =
        fmt::format("{} was {}, is {}", key, weights::in_quotes(old->second), weights::in_quotes(value));
    const bool longer = holds(kLengths, key) && now.total_steps >= before.total_steps;
    (longer || may.contains(key) ? kept : refused).push_back(change);
  }
  if (!refused.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: is of a run with other settings: {}; expected the same, or --allow-change KEY for "
                            "each that is meant to change",
                            checkpoint, fmt::join(refused, "; ")));
  }
  if (now.total_steps != before.total_steps) {
    kept.push_back(fmt::format("the run had {} steps, it has {}: the learning rate follows the new length from here",
                               before.total_steps, now.total_steps));
  }
  return kept;
}

}  // namespace mi2::train
