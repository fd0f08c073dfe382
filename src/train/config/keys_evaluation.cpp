// Keys of evaluation during training.

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "train/config/keys.hpp"
#include "weights/names.hpp"

namespace mi2::train {
namespace {

constexpr std::array<std::string_view, 4> kMetrics{"zero_shot_accuracy", "zero_shot_auc", "knn_accuracy", "knn_auc"};

Metric read_metric(const Value& value) {
  const std::string text = value.text();
  const auto* found = std::find(kMetrics.begin(), kMetrics.end(), text);
  if (found == kMetrics.end()) {
    value.fail(fmt::format("is {}, it must be one of {}", weights::in_quotes(text), fmt::join(kMetrics, ", ")));
  }
  return static_cast<Metric>(found - kMetrics.begin());
}

/// The reference's short name of a metric of one kind of evaluation.
Metric read_tracked(const Value& value, Metric accuracy, Metric auc) {
  const std::string text = value.text();
  if (text == "acc") return accuracy;
  if (text == "auc") return auc;
  value.unsupported(fmt::format("is {}, mi2 tracks acc or auc", weights::in_quotes(text)));
}

void read_steps(Draft& draft, const Value& value) {
  draft.evaluate_steps = value.integer(-1, 1'000'000'000'000);
  draft.evaluate_steps_given = true;
}

std::string write_steps(const TrainConfig& config) {
  const EvaluationOptions& evaluation = config.evaluation;
  if (evaluation.with_checkpoints) return "0";
  return fmt::format("{}", evaluation.cadence.steps > 0 ? evaluation.cadence.steps : -1);
}

void read_hook(Draft& draft, const Value& value) {
  std::vector<std::string> command;
  for (const Value& item : value.items()) command.push_back(item.short_text());
  if (!command.empty() && command.front().empty()) value.fail("names no program");
  draft.config.hook.command = std::move(command);
}

std::string write_hook(const TrainConfig& config) {
  std::vector<std::string> texts;
  for (const std::string& text : config.hook.command) texts.push_back(yaml_text(text));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

constexpr std::array kKeys{
    Key{"EVAL_PER_OPTIM_STEPS", "steps between two evaluations; 0: with every checkpoint; -1: none by steps",
        read_steps, write_steps},
    Key{"EVAL_AT_START", "evaluate before the first step",
        [](Draft& d, const Value& v) { d.config.evaluation.at_start = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.evaluation.at_start); }},
    Key{"EVAL_STRATEGY.EVAL_LAST_MODEL", "evaluate after the last step",
        [](Draft& d, const Value& v) { d.config.evaluation.at_end = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.evaluation.at_end); }},
    Key{"EVAL.EVERY_EPOCHS", "epochs between two evaluations; 1 unless EVAL_PER_OPTIM_STEPS is given; 0: none",
        [](Draft& d, const Value& v) { d.evaluate_epochs = v.number(0, 1e6); },
        [](const TrainConfig& c) { return yaml_number(c.evaluation.cadence.epochs); }},
    Key{"EVAL.ZERO_SHOT", "classify by the nearest prompt",
        [](Draft& d, const Value& v) { d.config.evaluation.zero_shot = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.evaluation.zero_shot); }},
    Key{"EVAL.KNN", "classify by this many nearest training images; 0: not",
        [](Draft& d, const Value& v) { d.config.evaluation.knn = static_cast<int>(v.integer(0, 100'000)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.evaluation.knn); }},
    Key{"EVAL.KNN_BANK", "labelled neighbours; empty: the training data",
        [](Draft& d, const Value& v) { d.config.evaluation.knn_bank = read_evaluation_sources(v); },
        [](const TrainConfig& c) { return write_data_sources(c.evaluation.knn_bank); }},
    Key{"EVAL.METRIC", "what the best checkpoint is best in",
        [](Draft& d, const Value& v) { d.metric = read_metric(v); },
        [](const TrainConfig& c) { return std::string(name_of(c.evaluation.metric)); }},
    Key{"EVAL.PATIENCE", "evaluations without a better METRIC before the run stops; 0: it never does",
        [](Draft& d, const Value& v) { d.config.evaluation.patience = static_cast<int>(v.integer(0, 1'000'000)); },
        [](const TrainConfig& c) { return fmt::format("{}", c.evaluation.patience); }},
    Key{"HOOK.COMMAND", "program and arguments, run after each evaluation with its figures as JSON on standard input",
        read_hook, write_hook},
    Key{"HOOK.TIMEOUT", "seconds after which the command is killed",
        [](Draft& d, const Value& v) { d.config.hook.timeout = v.number(0.1, 86'400); },
        [](const TrainConfig& c) { return yaml_number(c.hook.timeout); }},
    Key{"HOOK.REQUIRED", "a failure of the command ends the run; false: it is reported",
        [](Draft& d, const Value& v) { d.config.hook.required = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.hook.required); }},
    Key{"TEST.BATCH_SIZE_PER_GPU", "images per forward pass of an evaluation",
        [](Draft& d, const Value& v) { d.config.batch.evaluation = v.integer(1, 1'000'000); },
        [](const TrainConfig& c) { return fmt::format("{}", c.batch.evaluation); }},
    Key{"EVALDATASET_PROMPT_CLASSIFICATION.EVAL_IMAGE_TSV", "images evaluated on",
        [](Draft& d, const Value& v) { d.eval_tsv[0].images = v.short_text(); }, nullptr},
    Key{"EVALDATASET_PROMPT_CLASSIFICATION.EVAL_TEXT_TSV", "their labels",
        [](Draft& d, const Value& v) { d.eval_tsv[0].labels = v.short_text(); }, nullptr},
    Key{"EVALDATASET_PROMPT_CLASSIFICATION.TRACK_METRIC", "acc or auc",
        [](Draft& d, const Value& v) {
          d.tracked_zero_shot = read_tracked(v, Metric::kZeroShotAccuracy, Metric::kZeroShotAuc);
        },
        nullptr},
    Key{"EVALDATASET_KNN_CLASSIFICATION.EVAL_IMAGE_TSV", "images evaluated on",
        [](Draft& d, const Value& v) { d.eval_tsv[1].images = v.short_text(); }, nullptr},
    Key{"EVALDATASET_KNN_CLASSIFICATION.EVAL_TEXT_TSV", "their labels",
        [](Draft& d, const Value& v) { d.eval_tsv[1].labels = v.short_text(); }, nullptr},
    Key{"EVALDATASET_KNN_CLASSIFICATION.IMAGE_TSV", "images of the labelled neighbours",
        [](Draft& d, const Value& v) { d.bank_tsv.images = v.short_text(); }, nullptr},
    Key{"EVALDATASET_KNN_CLASSIFICATION.TEXT_TSV", "their labels",
        [](Draft& d, const Value& v) { d.bank_tsv.labels = v.short_text(); }, nullptr},
    Key{"EVALDATASET_KNN_CLASSIFICATION.TRACK_METRIC", "acc or auc; counts if the other section has none",
        [](Draft& d, const Value& v) { d.tracked_knn = read_tracked(v, Metric::kKnnAccuracy, Metric::kKnnAuc); },
        nullptr},
};

}  // namespace

std::string_view name_of(Metric metric) noexcept { return kMetrics[static_cast<std::size_t>(metric)]; }

std::span<const Key> evaluation_keys() { return kKeys; }

}  // namespace mi2::train
