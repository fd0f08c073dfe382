#include "train/config/resolve.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view name, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}", name, what));
}

bool name_holds(const fs::path& path, std::initializer_list<std::string_view> marks) {
  const std::string file = path.filename().string();
  return std::any_of(marks.begin(), marks.end(),
                     [&](std::string_view mark) { return file.find(mark) != std::string::npos; });
}

/// Images and labels in one list, distinguished by their names and paired in sorted order, as the reference does.
std::vector<dataset::DataSource> pair_tsv_files(const Draft& draft, std::string_view name) {
  std::vector<fs::path> files;
  for (const std::string& file : draft.train_tsv) files.push_back(draft.root / draft.train_set / file);
  std::sort(files.begin(), files.end());
  std::vector<fs::path> images;
  std::vector<fs::path> labels;
  for (const fs::path& file : files) {
    const bool image = name_holds(file, {"image-", "image_", "_image", "-image", "images-"});
    const bool text = name_holds(file, {"text-", "text_", "_text", "-text", "texts-"});
    if (image == text) {
      fail(
          name,
          fmt::format(
              "DATASET.TRAIN_TSV_LIST: the name of {} does not show whether it holds images (image_, _image) or labels "
              "(text_, _text)",
              file.string()));
    }
    (image ? images : labels).push_back(file);
  }
  if (images.size() != labels.size()) {
    fail(name,
         fmt::format("DATASET.TRAIN_TSV_LIST has {} files of images and {} of labels", images.size(), labels.size()));
  }
  std::vector<dataset::DataSource> sources;
  for (std::size_t i = 0; i < images.size(); ++i) {
    dataset::DataSource source;
    source.format = dataset::DataFormat::kTsv;
    source.path = images[i];
    source.labels = labels[i];
    sources.push_back(source);
  }
  return sources;
}

void add_tsv(std::vector<dataset::DataSource>& sources, const Draft::EvalTsv& tsv, const fs::path& root,
             std::string_view name, std::string_view keys) {
  if (tsv.images.empty() && tsv.labels.empty()) return;
  if (tsv.images.empty() || tsv.labels.empty()) fail(name, fmt::format("{} belong together: give both", keys));
  dataset::DataSource source;
  source.format = dataset::DataFormat::kTsv;
  source.path = root / tsv.images;
  source.labels = root / tsv.labels;
  const bool known = std::any_of(sources.begin(), sources.end(), [&](const dataset::DataSource& other) {
    return other.path == source.path && other.labels == source.labels;
  });
  if (!known) sources.push_back(source);
}

void finish_data(Draft& draft, std::string_view name) {
  dataset::DataOptions& data = draft.config.data;
  std::vector<dataset::DataSource>& bank = draft.config.evaluation.knn_bank;
  for (std::vector<dataset::DataSource>* sources : {&data.train, &data.validation, &bank}) {
    for (dataset::DataSource& source : *sources) {
      source.path = draft.root / source.path;
      if (!source.labels.empty()) source.labels = draft.root / source.labels;
    }
  }
  if (!data.prompts.empty()) data.prompts = draft.root / data.prompts;
  for (const dataset::DataSource& source : pair_tsv_files(draft, name)) data.train.push_back(source);
  for (const Draft::EvalTsv& tsv : draft.eval_tsv) {
    add_tsv(data.validation, tsv, draft.root, name, "EVAL_IMAGE_TSV and EVAL_TEXT_TSV");
  }
  add_tsv(bank, draft.bank_tsv, draft.root, name, "IMAGE_TSV and TEXT_TSV");
  data.seed = draft.config.seed;
}

void finish_evaluation(Draft& draft, std::string_view name) {
  EvaluationOptions& evaluation = draft.config.evaluation;
  evaluation.cadence.steps = std::max<std::int64_t>(draft.evaluate_steps, 0);
  evaluation.cadence.epochs = draft.evaluate_epochs.value_or(draft.evaluate_steps_given ? 0 : 1);
  evaluation.with_checkpoints = draft.evaluate_steps_given && draft.evaluate_steps == 0;
  const Metric fallback = evaluation.zero_shot ? Metric::kZeroShotAccuracy : Metric::kKnnAccuracy;
  const std::optional<Metric> tracked = draft.tracked_zero_shot ? draft.tracked_zero_shot : draft.tracked_knn;
  evaluation.metric = draft.metric.value_or(tracked.value_or(fallback));
  if (draft.config.data.validation.empty() || (!evaluation.zero_shot && evaluation.knn == 0)) {
    if (evaluation.patience > 0) fail(name, "EVAL.PATIENCE needs something to evaluate: give DATASET.VALIDATION");
    if (!draft.config.hook.command.empty()) {
      fail(name, "HOOK.COMMAND needs something to evaluate: give DATASET.VALIDATION");
    }
    return;
  }
  const bool of_knn = evaluation.metric == Metric::kKnnAccuracy || evaluation.metric == Metric::kKnnAuc;
  if (of_knn ? evaluation.knn == 0 : !evaluation.zero_shot) {
    fail(name, fmt::format("EVAL.METRIC is {}, but {} is off", name_of(evaluation.metric),
                           of_knn ? "EVAL.KNN" : "EVAL.ZERO_SHOT"));
  }
}

/// Whether the sections fix an architecture, and are not just settings for one that comes from elsewhere.
bool describes_model(const YAML::Node& model) {
  constexpr std::array<std::string_view, 4> kSettings{"LOAD_PRETRAINED", "PRETRAINED", "PRETRAINED_LAYERS",
                                                      "PRETRAINED_TOKENIZER"};
  for (const auto& section : model) {
    for (const auto& entry : section.second) {
      const std::string& key = entry.first.Scalar();
      if (std::find(kSettings.begin(), kSettings.end(), key) != kSettings.end()) continue;
      if (key != "SPEC") return true;
      for (const auto& spec : entry.second) {
        if (!spec.first.Scalar().starts_with("DROP_")) return true;
      }
    }
  }
  return false;
}

std::optional<double> drop_of(const YAML::Node& model, const char* key, std::string_view name) {
  const YAML::Node image = model["IMAGE_ENCODER"];
  if (!image.IsDefined() || !image["SPEC"].IsDefined() || !image["SPEC"][key].IsDefined()) return std::nullopt;
  const Value value(image["SPEC"][key], fmt::format("IMAGE_ENCODER.SPEC.{}", key), {std::string(name), Code::kBadFile});
  return value.number(0, 0.99);
}

/// Beside a model that is given, sections may describe a part of it: check_model_sections() compares them.
std::optional<weights::ModelConfig> described_model(const ModelOptions& options, std::string_view name) {
  try {
    return weights::parse_config(options.yaml, name);
  } catch (const Error&) {
    if (options.path.empty()) throw;
    return std::nullopt;
  }
}

void finish_model(Draft& draft, const YAML::Node& model, std::string_view name) {
  ModelOptions& options = draft.config.model;
  if (options.path.empty() && draft.load_pretrained) options.path = draft.pretrained;
  if (model.IsMap()) {
    if (!options.drop_rate) options.drop_rate = drop_of(model, "DROP_RATE", name);
    if (!options.drop_path_rate) options.drop_path_rate = drop_of(model, "DROP_PATH_RATE", name);
    if (describes_model(model)) {
      options.yaml = YAML::Dump(model) + "\n";
      options.architecture = described_model(options, name);
    }
  }
  if (options.path.empty() && !options.architecture) {
    fail(name, "MODEL is missing: a model directory to start from, or a config.yaml to start from random weights");
  }
}

void finish_lora(Draft& draft, std::string_view name) {
  if (draft.config.lora.rank > 0) {
    if (draft.lora.targets.empty()) fail(name, "LORA.TARGETS is empty: expected a pattern of linear layers");
    draft.config.parameters.lora = draft.lora;
  } else if (!draft.lora_key.empty()) {
    fail(name, fmt::format("{} has no effect without LORA.RANK: give a rank of at least 1", draft.lora_key));
  }
}

void check_complete(const TrainConfig& config, std::string_view name) {
  if (config.output.empty()) fail(name, "SAVE_DIR is missing: the folder the run writes to");
  if (config.optimizer.learning_rate <= 0) fail(name, "START_LEARNING_RATE is missing: the rate after the warm-up");
  if (config.max_epochs <= 0 && config.max_steps <= 0) {
    fail(name, "MAX_NUM_EPOCHS is missing: how long to train (or MAX_STEPS)");
  }
  if (config.batch.total == 0 && config.batch.per_device == 0) {
    fail(name, "TRAIN.BATCH_SIZE_TOTAL is missing: images an optimizer step (or TRAIN.BATCH_SIZE_PER_GPU)");
  }
  if (config.batch.automatic && !config.batch.gradient_caching) {
    // Without, it is the images of a forward pass that are compared: losses would follow from a machine's memory.
    fail(name, "TRAIN.BATCH_SIZE_PER_GPU: auto needs TRAIN.GRADIENT_CACHING: true");
  }
  if (config.data.train.empty()) {
    fail(name, "DATASET.TRAIN is missing: what to train on, a list of {FORMAT: manifest, tsv or zip, PATH, ...}");
  }
  if (config.batch.total > 0 && config.batch.per_device > config.batch.total) {
    fail(name, fmt::format("TRAIN.BATCH_SIZE_PER_GPU is {}, more than TRAIN.BATCH_SIZE_TOTAL {}",
                           config.batch.per_device, config.batch.total));
  }
  if (config.optimizer.kind == OptimizerOptions::Kind::kSgd && config.optimizer.nesterov &&
      config.optimizer.momentum == 0) {
    fail(name, "OPTIMIZER_PARAMS.nesterov needs a momentum above 0");
  }
  const ScheduleOptions& schedule = config.schedule;
  if (schedule.kind == ScheduleOptions::Kind::kLinear && schedule.cycles > 1) {
    fail(name, "LR_SCHEDULER_PARAMS.cycles are of sched cosine, which is linear here: give one of them");
  }
  if (schedule.warmup_epochs > 0 && schedule.warmup_steps > 0) {
    fail(name, "LR_SCHEDULER_PARAMS has warmup_epochs and warmup_steps: give one of them");
  }
  if (schedule.min_lr > config.optimizer.learning_rate) {
    fail(name, fmt::format("LR_SCHEDULER_PARAMS.min_lr is {}, above START_LEARNING_RATE {}", schedule.min_lr,
                           config.optimizer.learning_rate));
  }
}

}  // namespace

TrainConfig resolve(Draft& draft, const YAML::Node& model, std::string_view name) {
  draft.config.optimizer.bf16 = draft.bf16 || draft.fp16;
  finish_model(draft, model, name);
  finish_data(draft, name);
  finish_evaluation(draft, name);
  finish_lora(draft, name);
  check_complete(draft.config, name);
  return draft.config;
}

}  // namespace mi2::train
