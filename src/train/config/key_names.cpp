// Names beside the keys themselves: aliases, what the reference has and mi2 has no use for, and what others call
// things.

#include <array>

#include "train/config/keys.hpp"

namespace mi2::train {
namespace {

using Renamed = std::pair<std::string_view, std::string_view>;

constexpr std::array<Renamed, 11> kAliases{{
    {"GRADIENT_CLIPPING", "GRAD_CLIPPING"},
    {"GRADIENT_CLIP", "GRAD_CLIPPING"},
    {"NO_WEIGHT_DECAY_MODULES", "CUSTOMIZED_PARAMS_CONF.NO_WEIGHT_DECAY_MODULES"},
    {"WEIGHT_DECAY_PATTERNS", "CUSTOMIZED_PARAMS_CONF.WEIGHT_DECAY_PATTERNS"},
    {"LR_SCALE_PATTERNS", "CUSTOMIZED_PARAMS_CONF.LR_SCALE_PATTERNS"},
    {"FREEZE_PATTERNS", "CUSTOMIZED_PARAMS_CONF.FREEZE_PATTERNS"},
    {"KEEP_LAST_N", "SAVE_STRATEGY.CHECKPOINT.KEEP_LAST_N"},
    {"SAVE_STRATEGY.CHECKPOINT.SAVE_PER_OPTIM_STEPS", "SAVE_PER_OPTIM_STEPS"},
    {"EVAL_STRATEGY.EVAL_PER_OPTIM_STEPS", "EVAL_PER_OPTIM_STEPS"},
    {"EVALDATASET_KNN_CLASSIFICATION.KNN", "EVAL.KNN"},
    {"IMAGE_ENCODER.SPEC.ENABLE_CHECKPOINT", "ENABLE_CHECKPOINT"},
}};

/// Keys of microsoft/UniCL and older MainzTrain. Not aliases: units or meanings differ, or the value belongs elsewhere.
constexpr std::array<Renamed, 22> kForeign{{
    {"TRAIN.BASE_LR", "START_LEARNING_RATE (not scaled by the batch)"},
    {"TRAIN.LR", "START_LEARNING_RATE"},
    {"TRAIN.EPOCHS", "MAX_NUM_EPOCHS"},
    {"TRAIN.WARMUP_EPOCHS", "LR_SCHEDULER_PARAMS.warmup_epochs"},
    {"TRAIN.WARMUP_LR", "LR_SCHEDULER_PARAMS.warmup_lr"},
    {"TRAIN.MIN_LR", "LR_SCHEDULER_PARAMS.min_lr"},
    {"TRAIN.WEIGHT_DECAY", "OPTIMIZER_PARAMS.weight_decay"},
    {"TRAIN.CLIP_GRAD", "GRAD_CLIPPING"},
    {"TRAIN.ACCUMULATION_STEPS", "TRAIN.BATCH_SIZE_TOTAL and TRAIN.BATCH_SIZE_PER_GPU"},
    {"TRAIN.USE_CHECKPOINT", "ENABLE_CHECKPOINT"},
    {"TRAIN.AUTO_RESUME", "RESUME"},
    {"DATA.BATCH_SIZE", "TRAIN.BATCH_SIZE_PER_GPU"},
    {"DATA.DATA_PATH", "DATASET.ROOT"},
    {"DATA.NUM_WORKERS", "WORKERS"},
    {"AUG.REPROB", "AUG.TORCHVISION_AUG.RE_PROB"},
    {"AUG.AUTO_AUGMENT", "AUG.TORCHVISION_AUG.AUTO_AUGMENT"},
    {"AUG.CUTMIX", "AUG.MIXCUT"},
    {"SAVE_FREQ", "SAVE_PER_OPTIM_STEPS"},
    {"PRINT_FREQ", "LOG_EVERY"},
    {"OUTPUT", "SAVE_DIR"},
    {"SAVE_PER_UPDATE_NUM", "SAVE_PER_OPTIM_STEPS (optimizer steps, not forward passes)"},
    {"EVAL_PER_UPDATE_NUM", "EVAL_PER_OPTIM_STEPS (optimizer steps, not forward passes)"},
}};

const std::vector<FixedKey>& fixed_table() {
  static const std::vector<FixedKey> table{
      {"TASK", {"UniCLTask"}},
      {"LOSS.LOSS", {"UniCL"}},
      {"LR_SCHEDULER", {"TimmScheduler"}},
      {"LR_SCHEDULER_PARAMS.epochs", {}},
      {"LR_SCHEDULER_PARAMS.steps_update_per_epoch", {}},
      {"UNICL_MODEL.GATHER_TENSORS", {"true", "True"}},
      {"DATASET.DATASET", {"image_text_pairs_v2"}},
      {"DATASET.TEXT_FORMAT", {"json"}},
      {"DATASET.DATA_FORMAT", {"tsv"}},
      {"DATASET.SAMPLER", {"default"}},
      {"DATASET.LOADER", {"default"}},
      {"DATASET.TOKEN_FILE", {}},
      {"TRAIN.SHUFFLE", {"true", "True"}},
      {"AUG.INTERPOLATION", {"bicubic"}},
      {"AUG.MIXUP_MODE", {"batch"}},
      {"WEIGHT_SMOOTHING.use_cpu", {}},
      {"TEST.MODEL_FILE", {}},
      {"TEST.CENTER_CROP", {"false", "False"}},
      {"EVALDATASET_PROMPT_CLASSIFICATION.TEXT_FORMAT", {"json"}},
      {"EVALDATASET_PROMPT_CLASSIFICATION.FORMAT", {"tsv"}},
      {"EVALDATASET_PROMPT_CLASSIFICATION.SPLIT", {}},
      {"EVALDATASET_PROMPT_CLASSIFICATION.IMAGE_TSV", {}},
      {"EVALDATASET_PROMPT_CLASSIFICATION.TEXT_TSV", {}},
      {"EVALDATASET_PROMPT_CLASSIFICATION.LABEL_FILE", {}},
      {"EVALDATASET_PROMPT_CLASSIFICATION.ZS_MODE", {}},
      {"EVALDATASET_KNN_CLASSIFICATION.TEXT_FORMAT", {"json"}},
      {"EVALDATASET_KNN_CLASSIFICATION.FORMAT", {"tsv"}},
      {"EVALDATASET_KNN_CLASSIFICATION.SPLIT", {}},
      {"EVALDATASET_KNN_CLASSIFICATION.LABEL_FILE", {}},
      {"EVALDATASET_KNN_CLASSIFICATION.ZS_MODE", {}},
      {"GRADIENT_ACCUMULATE_STEP", {}},
      {"SAVE_TIMER_LOG", {}},
      {"LOGLEVEL_OVERRIDE", {}},
      {"LOG_GPU_MEM", {}},
      {"RESET_DATA_LOADER", {"false", "False"}},
      {"AMP", {}},
      {"FP16_OPT_LEVEL", {}},
      {"DDP", {}},
      {"ZERO_STAGE", {}},
      {"DEEPSPEED", {}},
      {"USE_APEX_DDP", {}},
      {"USE_APEX_AMP", {}},
      {"USE_HIT", {}},
      {"FIND_UNUSED_PARAMETERS", {}},
      {"SET_SAMPLER_EPOCH", {}},
      {"DONT_LOAD_MODEL", {}},
      {"user_dir", {}},
      {"VERBOSE", {}},
      {"PIN_MEMORY", {}},
  };
  return table;
}

/// What weights/config.hpp reads, and what else the published config.yaml holds in those sections.
constexpr std::array<std::string_view, 33> kModelKeys{
    "IMAGE_ENCODER.NAME",
    "IMAGE_ENCODER.NUM_CLASSES",
    "IMAGE_ENCODER.IMAGE_SIZE",
    "IMAGE_ENCODER.LOAD_PRETRAINED",
    "IMAGE_ENCODER.PRETRAINED",
    "IMAGE_ENCODER.PRETRAINED_LAYERS",
    "IMAGE_ENCODER.IMAGE_MEAN",
    "IMAGE_ENCODER.IMAGE_STD",
    "IMAGE_ENCODER.SPEC.DROP_RATE",
    "IMAGE_ENCODER.SPEC.DROP_PATH_RATE",
    "IMAGE_ENCODER.SPEC.PATCH_SIZE",
    "IMAGE_ENCODER.SPEC.PATCH_STRIDE",
    "IMAGE_ENCODER.SPEC.PATCH_PADDING",
    "IMAGE_ENCODER.SPEC.PATCH_PRENORM",
    "IMAGE_ENCODER.SPEC.DIM_EMBED",
    "IMAGE_ENCODER.SPEC.NUM_HEADS",
    "IMAGE_ENCODER.SPEC.NUM_GROUPS",
    "IMAGE_ENCODER.SPEC.DEPTHS",
    "IMAGE_ENCODER.SPEC.WINDOW_SIZE",
    "LANG_ENCODER.NAME",
    "LANG_ENCODER.LOAD_PRETRAINED",
    "LANG_ENCODER.PRETRAINED",
    "LANG_ENCODER.PRETRAINED_LAYERS",
    "LANG_ENCODER.PRETRAINED_TOKENIZER",
    "LANG_ENCODER.TOKENIZER",
    "LANG_ENCODER.CONTEXT_LENGTH",
    "LANG_ENCODER.WIDTH",
    "LANG_ENCODER.HEADS",
    "LANG_ENCODER.LAYERS",
    "LANG_ENCODER.AUTOGRESSIVE",
    "UNICL_MODEL.DIM_PROJECTION",
    "UNICL_MODEL.PRETRAINED_LAYERS",
    "UNICL_MODEL.NAME",
};

}  // namespace

std::span<const Renamed> key_aliases() { return kAliases; }
std::span<const Renamed> foreign_keys() { return kForeign; }
std::span<const FixedKey> fixed_keys() { return fixed_table(); }
std::span<const std::string_view> model_keys() { return kModelKeys; }

std::vector<Key> all_keys() {
  std::vector<Key> keys;
  for (const std::span<const Key> part : {run_keys(), optimizer_keys(), lora_keys(), data_keys(), evaluation_keys()}) {
    keys.insert(keys.end(), part.begin(), part.end());
  }
  return keys;
}

}  // namespace mi2::train
