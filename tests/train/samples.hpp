#pragma once
// Training configs for tests.

namespace mi2::train::test {

/// The least a run needs.
inline constexpr const char* kMinimal = R"(MODEL: starter
SAVE_DIR: run
START_LEARNING_RATE: 1e-4
MAX_NUM_EPOCHS: 3
TRAIN:
  BATCH_SIZE_TOTAL: 96
DATASET:
  TRAIN:
    - {FORMAT: manifest, PATH: data/manifest.csv, SPLIT: train}
)";

/// Every key of the reference's fine-tuning of MedImageInsight, each in its section.
inline constexpr const char* kReference = R"(AMP: PYTORCH
AUG:
  INTERPOLATION: bicubic
  MIXCUT: 1.0
  MIXCUT_MINMAX: []
  MIXUP: 0.8
  MIXUP_MODE: batch
  MIXUP_PROB: 0.0
  MIXUP_SWITCH_PROB: 0.5
  RATIO: [0.75, 1.3333333]
  SCALE: [0.7, 0.9]
  TORCHVISION_AUG: {AUTO_AUGMENT: ta_wide, HFLIP: 0.5, RE_PROB: 0.25, VFLIP: 0.125}
CUSTOMIZED_PARAMS_CONF:
  FREEZE_PATTERNS: ["^lang_encoder.token_embedding", "^convs\\."]
  LR_SCALE_PATTERNS: {"^lang_encoder.resblocks.1\\.": 0.001}
  NO_WEIGHT_DECAY_MODULES: [dw, norm]
  WEIGHT_DECAY_PATTERNS: {"\\.bias$": 0.0, "logit_scale": 0.0}
DATASET:
  DATASET: image_text_pairs_v2
  DATA_FORMAT: tsv
  LOADER: default
  ROOT: data
  SAMPLER: default
  TEXT_FORMAT: json
  TOKEN_FILE: ''
  TRAIN_SET: full
  TRAIN_TSV_LIST: [train_text.tsv, train_images.tsv]
DEEPSPEED: false
DONT_LOAD_MODEL: true
EVALDATASET_KNN_CLASSIFICATION:
  EVAL_IMAGE_TSV: validation_images.tsv
  EVAL_TEXT_TSV: validation_text.tsv
  FORMAT: tsv
  IMAGE_TSV: bank_images.tsv
  KNN: 64
  LABEL_FILE: ''
  SPLIT: test
  TEXT_FORMAT: json
  TEXT_TSV: bank_text.tsv
  TRACK_METRIC: acc
  ZS_MODE: 0
EVALDATASET_PROMPT_CLASSIFICATION:
  EVAL_IMAGE_TSV: validation_images.tsv
  EVAL_TEXT_TSV: validation_text.tsv
  FORMAT: tsv
  IMAGE_TSV: ''
  LABEL_FILE: ''
  SPLIT: test
  TEXT_FORMAT: json
  TEXT_TSV: ''
  TRACK_METRIC: auc
  ZS_MODE: 2
EVAL_AT_START: true
EVAL_PER_OPTIM_STEPS: 125
EVAL_STRATEGY:
  EVAL_LAST_MODEL: true
FIND_UNUSED_PARAMETERS: false
FP16: true
GRADIENT_ACCUMULATE_STEP: 1
GRAD_CLIPPING: 0.07
IMAGE_ENCODER:
  IMAGE_MEAN: [0.485, 0.456, 0.406]
  IMAGE_SIZE: [480, 480]
  IMAGE_STD: [0.229, 0.224, 0.225]
  LOAD_PRETRAINED: true
  NAME: davit_v1
  NUM_CLASSES: 0
  PRETRAINED: ''
  PRETRAINED_LAYERS: '*'
  SPEC:
    DEPTHS: [1, 1, 9, 1]
    DIM_EMBED: [256, 512, 1024, 2048]
    DROP_PATH_RATE: 0.2
    DROP_RATE: 0.1
    ENABLE_CHECKPOINT: true
    NUM_GROUPS: [8, 16, 32, 64]
    NUM_HEADS: [8, 16, 32, 64]
    PATCH_PADDING: [3, 1, 1, 1]
    PATCH_PRENORM: [false, true, true, true]
    PATCH_SIZE: [7, 3, 3, 3]
    PATCH_STRIDE: [4, 2, 2, 2]
    WINDOW_SIZE: 12
LANG_ENCODER:
  AUTOGRESSIVE: false
  CONTEXT_LENGTH: 77
  HEADS: 16
  LAYERS: 16
  LOAD_PRETRAINED: false
  NAME: transformer
  PRETRAINED: ''
  PRETRAINED_LAYERS: '*'
  TOKENIZER: clip
  WIDTH: 1024
LOGLEVEL_OVERRIDE: INFO
LOG_EVERY: 20
LOG_GPU_MEM: true
LOSS:
  LOSS: UniCL
LR_SCHEDULER: TimmScheduler
LR_SCHEDULER_PARAMS:
  epochs: 15
  min_lr: 1e-9
  sched: cosine
  steps_update_per_epoch: 1
  warmup_lr: 1e-9
  warmup_steps: 5
MAX_NUM_EPOCHS: 15
NAME: finetune
NO_AUTO_LR_SCALING: true
OPTIMIZER: AdamW
OPTIMIZER_PARAMS:
  weight_decay: 0.4
PIN_MEMORY: true
RESET_DATA_LOADER: false
RESUME: true
SAVE_DIR: out
SAVE_PER_OPTIM_STEPS: 250
SAVE_TIMER_LOG: true
SET_SAMPLER_EPOCH: false
START_LEARNING_RATE: 5e-6
TASK: UniCLTask
TEST:
  BATCH_SIZE_PER_GPU: 8
  CENTER_CROP: false
  MODEL_FILE: ''
TRAIN:
  BATCH_SIZE_PER_GPU: 4
  BATCH_SIZE_TOTAL: 48
  SHUFFLE: true
UNICL_MODEL:
  DIM_PROJECTION: 1024
  GATHER_TENSORS: true
  LOAD_PRETRAINED: true
  PRETRAINED: models/mi2
  PRETRAINED_LAYERS: '*'
VERBOSE: true
WEIGHT_SMOOTHING:
  decay: 0.999
  eval_smoothed_weight: true
  use_cpu: false
WORKERS: 6
ZERO_STAGE: 0
user_dir: ''
)";

}  // namespace mi2::train::test
