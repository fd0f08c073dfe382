// Keys of the optimizer, its schedule, and what happens to single parameters.

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "train/config/keys.hpp"
#include "weights/names.hpp"

namespace mi2::train {
namespace {

constexpr std::int64_t kMaxBatch = 1'000'000;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

void read_optimizer(Draft& draft, const Value& value) {
  const std::string text = value.text();
  const bool sgd = lower(text) == "sgd";
  if (!sgd && lower(text) != "adamw") {
    value.unsupported(fmt::format("is {}, mi2 has AdamW and SGD", weights::in_quotes(text)));
  }
  draft.config.optimizer.kind = sgd ? OptimizerOptions::Kind::kSgd : OptimizerOptions::Kind::kAdamW;
}

std::string write_optimizer(const TrainConfig& config) {
  return config.optimizer.kind == OptimizerOptions::Kind::kSgd ? "SGD" : "AdamW";
}

void read_schedule(Draft& draft, const Value& value) {
  const std::string text = value.text();
  if (text != "cosine" && text != "linear") {
    value.unsupported(fmt::format("is {}, mi2 has cosine and linear", weights::in_quotes(text)));
  }
  draft.config.schedule.kind = text == "linear" ? ScheduleOptions::Kind::kLinear : ScheduleOptions::Kind::kCosine;
}

std::string write_schedule(const TrainConfig& config) {
  return config.schedule.kind == ScheduleOptions::Kind::kLinear ? "linear" : "cosine";
}

void read_betas(Draft& draft, const Value& value) {
  const std::vector<Value> betas = value.items();
  if (betas.size() != 2) value.fail(fmt::format("has {} entries, expected 2", betas.size()));
  draft.config.optimizer.beta1 = betas[0].number(0, 0.999999);
  draft.config.optimizer.beta2 = betas[1].number(0, 0.999999);
}

void read_no_decay(Draft& draft, const Value& value) {
  draft.config.parameters.decay_norms = true;
  draft.config.parameters.decay_depthwise = true;
  for (const Value& item : value.items()) {
    const std::string text = item.text();
    if (text == "norm") {
      draft.config.parameters.decay_norms = false;
    } else if (text == "dw") {
      draft.config.parameters.decay_depthwise = false;
    } else {
      item.fail(fmt::format("is {}, it must be norm or dw", weights::in_quotes(text)));
    }
  }
}

std::string write_no_decay(const TrainConfig& config) {
  std::vector<std::string_view> names;
  if (!config.parameters.decay_depthwise) names.emplace_back("dw");
  if (!config.parameters.decay_norms) names.emplace_back("norm");
  return fmt::format("[{}]", fmt::join(names, ", "));
}

std::string checked_pattern(const Value& value, std::string pattern) {
  const std::string fault = pattern_fault(pattern);
  if (!fault.empty()) value.fail(fault);
  return pattern;
}

std::vector<PatternValue> read_patterns(const Value& value, double low, double high) {
  std::vector<PatternValue> patterns;
  for (const auto& [pattern, number] : value.entries()) {
    patterns.emplace_back(checked_pattern(number, pattern), number.number(low, high));
  }
  return patterns;
}

std::string write_patterns(const std::vector<PatternValue>& patterns) {
  std::vector<std::string> entries;
  entries.reserve(patterns.size());
  for (const auto& [pattern, value] : patterns) {
    entries.push_back(fmt::format("{}: {}", yaml_text(pattern), yaml_number(value)));
  }
  return fmt::format("{{{}}}", fmt::join(entries, ", "));
}

constexpr std::array kKeys{
    Key{"START_LEARNING_RATE", "the rate after the warm-up",
        [](Draft& d, const Value& v) { d.config.optimizer.learning_rate = v.number(0, 10); },
        [](const TrainConfig& c) { return yaml_number(c.optimizer.learning_rate); }},
    Key{"NO_AUTO_LR_SCALING", "false: multiply the rate by processes x accumulation steps",
        [](Draft& d, const Value& v) { d.config.optimizer.scale_learning_rate = !v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(!c.optimizer.scale_learning_rate); }},
    Key{"GRAD_CLIPPING", "norm the whole gradient is clipped to; 0: no clipping",
        [](Draft& d, const Value& v) { d.config.optimizer.clip_norm = v.number(0, 1e6); },
        [](const TrainConfig& c) { return yaml_number(c.optimizer.clip_norm); }},
    Key{"BF16", "autocast to bfloat16 (FP16: true means this too)", [](Draft& d, const Value& v) { d.bf16 = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.optimizer.bf16); }},
    Key{"FP16", "as BF16: bfloat16 has the range of float32 and needs no loss scaling",
        [](Draft& d, const Value& v) { d.fp16 = v.flag(); }, nullptr},
    Key{"TRAIN.BATCH_SIZE_TOTAL", "images an optimizer step, over all processes; 0: BATCH_SIZE_PER_GPU x processes",
        [](Draft& d, const Value& v) { d.config.batch.total = std::max<std::int64_t>(0, v.integer(-1, kMaxBatch)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.batch.total); }},
    Key{"TRAIN.BATCH_SIZE_PER_GPU",
        "images per forward pass of a process; 0: BATCH_SIZE_TOTAL / processes; auto: what memory allows",
        [](Draft& d, const Value& v) {
          d.config.batch.automatic = v.text() == "auto";
          d.config.batch.per_device = d.config.batch.automatic ? 0 : v.integer(0, kMaxBatch);
        },
        [](const TrainConfig& c) {
          return c.batch.automatic ? std::string("auto") : fmt::format("{}", c.batch.per_device);
        }},
    Key{"TRAIN.GRADIENT_CACHING", "compare all images of a step with each other, not only those of a forward pass",
        [](Draft& d, const Value& v) { d.config.batch.gradient_caching = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.batch.gradient_caching); }},
    Key{"OPTIMIZER", "AdamW or SGD", read_optimizer, write_optimizer},
    Key{"OPTIMIZER_PARAMS.weight_decay", "of parameters that no rule below names",
        [](Draft& d, const Value& v) { d.config.optimizer.weight_decay = v.number(0, 10); },
        [](const TrainConfig& c) { return yaml_number(c.optimizer.weight_decay); }},
    Key{"OPTIMIZER_PARAMS.betas", "of the moving averages", read_betas,
        [](const TrainConfig& c) {
          return fmt::format("[{}, {}]", yaml_number(c.optimizer.beta1), yaml_number(c.optimizer.beta2));
        }},
    Key{"OPTIMIZER_PARAMS.momentum", "of SGD",
        [](Draft& d, const Value& v) { d.config.optimizer.momentum = v.number(0, 0.999999); },
        [](const TrainConfig& c) { return yaml_number(c.optimizer.momentum); }},
    Key{"OPTIMIZER_PARAMS.nesterov", "of SGD: look ahead along the momentum",
        [](Draft& d, const Value& v) { d.config.optimizer.nesterov = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.optimizer.nesterov); }},
    Key{"OPTIMIZER_PARAMS.eps", "added to the denominator",
        [](Draft& d, const Value& v) { d.config.optimizer.eps = v.number(1e-20, 1); },
        [](const TrainConfig& c) { return yaml_number(c.optimizer.eps); }},
    Key{"CUSTOMIZED_PARAMS_CONF.NO_WEIGHT_DECAY_MODULES", "dw: depthwise convolutions, norm: layer norms",
        read_no_decay, write_no_decay},
    Key{"CUSTOMIZED_PARAMS_CONF.WEIGHT_DECAY_PATTERNS", "regular expression: weight decay; the first match counts",
        [](Draft& d, const Value& v) { d.config.parameters.weight_decay_patterns = read_patterns(v, 0, 10); },
        [](const TrainConfig& c) { return write_patterns(c.parameters.weight_decay_patterns); }},
    Key{"CUSTOMIZED_PARAMS_CONF.LR_SCALE_PATTERNS", "regular expression: factor on the rate; the first match counts",
        [](Draft& d, const Value& v) { d.config.parameters.lr_scale_patterns = read_patterns(v, 0, 1000); },
        [](const TrainConfig& c) { return write_patterns(c.parameters.lr_scale_patterns); }},
    Key{"CUSTOMIZED_PARAMS_CONF.FREEZE_PATTERNS", "regular expressions of parameters that are not trained",
        [](Draft& d, const Value& v) { d.config.parameters.freeze_patterns = read_pattern_list(v); },
        [](const TrainConfig& c) { return write_pattern_list(c.parameters.freeze_patterns); }},
    Key{"CUSTOMIZED_PARAMS_CONF.LAYER_DECAY", "factor on the rate for each layer between a weight and its tower's end",
        [](Draft& d, const Value& v) { d.config.parameters.layer_decay = v.number(1e-3, 1); },
        [](const TrainConfig& c) { return yaml_number(c.parameters.layer_decay); }},
    Key{"LR_SCHEDULER_PARAMS.sched", "cosine or linear", read_schedule, write_schedule},
    Key{"LR_SCHEDULER_PARAMS.cycles", "half cosines one after the other: each after the first is a warm restart",
        [](Draft& d, const Value& v) { d.config.schedule.cycles = static_cast<int>(v.integer(1, 1000)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.schedule.cycles); }},
    Key{"LR_SCHEDULER_PARAMS.cycle_mul", "a cycle's length, of that of the one before",
        [](Draft& d, const Value& v) { d.config.schedule.cycle_mul = v.number(0.1, 10); },
        [](const TrainConfig& c) { return yaml_number(c.schedule.cycle_mul); }},
    Key{"LR_SCHEDULER_PARAMS.cycle_decay", "the rate a cycle begins with, of that of the one before",
        [](Draft& d, const Value& v) { d.config.schedule.cycle_decay = v.number(0, 1); },
        [](const TrainConfig& c) { return yaml_number(c.schedule.cycle_decay); }},
    Key{"LR_SCHEDULER_PARAMS.warmup_epochs", "linear warm-up; give epochs or steps",
        [](Draft& d, const Value& v) { d.config.schedule.warmup_epochs = v.number(0, 1e6); },
        [](const TrainConfig& c) { return yaml_number(c.schedule.warmup_epochs); }},
    Key{"LR_SCHEDULER_PARAMS.warmup_steps", "linear warm-up; give epochs or steps",
        [](Draft& d, const Value& v) { d.config.schedule.warmup_steps = static_cast<double>(v.integer(0, 1LL << 40)); },
        [](const TrainConfig& c) { return yaml_number(c.schedule.warmup_steps); }},
    Key{"LR_SCHEDULER_PARAMS.warmup_lr", "the rate of the first step of the warm-up",
        [](Draft& d, const Value& v) { d.config.schedule.warmup_lr = v.number(0, 10); },
        [](const TrainConfig& c) { return yaml_number(c.schedule.warmup_lr); }},
    Key{"LR_SCHEDULER_PARAMS.min_lr", "the rate at the end",
        [](Draft& d, const Value& v) { d.config.schedule.min_lr = v.number(0, 10); },
        [](const TrainConfig& c) { return yaml_number(c.schedule.min_lr); }},
    Key{"WEIGHT_SMOOTHING.decay", "of the averaged weights (EMA) that are evaluated and exported; 0: none",
        [](Draft& d, const Value& v) { d.config.optimizer.ema_decay = v.number(0, 0.9999999); },
        [](const TrainConfig& c) { return yaml_number(c.optimizer.ema_decay); }},
    Key{"WEIGHT_SMOOTHING.eval_smoothed_weight", "evaluate the averaged weights",
        [](Draft& d, const Value& v) { d.config.evaluation.ema = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.evaluation.ema); }},
};

}  // namespace

std::span<const Key> optimizer_keys() { return kKeys; }

std::vector<std::string> read_pattern_list(const Value& value) {
  std::vector<std::string> patterns;
  for (const Value& item : value.items()) patterns.push_back(checked_pattern(item, item.text()));
  return patterns;
}

std::string write_pattern_list(const std::vector<std::string>& patterns) {
  std::vector<std::string> entries;
  for (const std::string& pattern : patterns) entries.push_back(yaml_text(pattern));
  return fmt::format("[{}]", fmt::join(entries, ", "));
}

}  // namespace mi2::train
