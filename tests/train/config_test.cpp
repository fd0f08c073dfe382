#include "train/config/config.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "train/config/keys.hpp"
#include "train/samples.hpp"

namespace mi2::train {
namespace {

using mi2::test::expect_error;
using ::testing::HasSubstr;

TrainConfig minimal(const std::string& more = "", const std::vector<std::string>& overrides = {}) {
  return parse_train_config(test::kMinimal + more, "t.yaml", overrides);
}

void refuses(const std::string& more, std::vector<std::string> words, Code code = Code::kBadFile) {
  words.emplace_back("t.yaml");
  expect_error(code, words, [&] { minimal(more); });
}

TEST(TrainConfig, NeedsLittle) {
  const TrainConfig config = minimal();
  EXPECT_EQ(config.model.path, "starter");
  EXPECT_EQ(config.output, "run");
  EXPECT_EQ(config.optimizer.learning_rate, 1e-4);
  EXPECT_EQ(config.max_epochs, 3);
  EXPECT_EQ(config.batch.total, 96);
  ASSERT_EQ(config.data.train.size(), 1U);
  EXPECT_EQ(config.data.train[0].format, dataset::DataFormat::kManifest);
  EXPECT_EQ(config.data.train[0].path, "data/manifest.csv");
  EXPECT_EQ(config.data.train[0].split, "train");
  EXPECT_EQ(config.data.train[0].caption_column, "caption");
  EXPECT_EQ(config.evaluation.cadence.epochs, 1);
  EXPECT_EQ(config.checkpoint.keep_last, 2);
  EXPECT_TRUE(config.without_effect.empty());
}

TEST(TrainConfig, SaysWhatIsMissing) {
  const std::string all = test::kMinimal;
  for (const auto& [line, key] : std::vector<std::pair<std::string, std::string>>{
           {"MODEL: starter\n", "MODEL"},
           {"SAVE_DIR: run\n", "SAVE_DIR"},
           {"START_LEARNING_RATE: 1e-4\n", "START_LEARNING_RATE"},
           {"MAX_NUM_EPOCHS: 3\n", "MAX_NUM_EPOCHS"},
           {"  BATCH_SIZE_TOTAL: 96\n", "TRAIN.BATCH_SIZE_TOTAL"},
           {"    - {FORMAT: manifest, PATH: data/manifest.csv, SPLIT: train}\n", "DATASET.TRAIN"}}) {
    std::string text = all;
    text.erase(text.find(line), line.size());
    expect_error(Code::kBadFile, {"t.yaml: ", key + " is missing"}, [&] { parse_train_config(text, "t.yaml"); });
  }
  expect_error(Code::kBadFile, {"t.yaml: ", "is missing"}, [] { parse_train_config("", "t.yaml"); });
}

TEST(TrainConfig, TakesTheReferencesFileAsItStands) {
  const TrainConfig config = parse_train_config(test::kReference, "t.yaml");
  EXPECT_EQ(config.name, "finetune");
  EXPECT_EQ(config.output, "out");
  EXPECT_EQ(config.log_every, 20);
  EXPECT_TRUE(config.resume);
  EXPECT_TRUE(config.optimizer.bf16);
  EXPECT_EQ(config.checkpoint.cadence.steps, 250);
  EXPECT_EQ(config.evaluation.cadence.steps, 125);
  EXPECT_EQ(config.evaluation.cadence.epochs, 0);
  EXPECT_TRUE(config.evaluation.at_start);
  EXPECT_TRUE(config.evaluation.at_end);
  EXPECT_FALSE(config.optimizer.scale_learning_rate);
  EXPECT_EQ(config.optimizer.clip_norm, 0.07);
  EXPECT_EQ(config.data.loader_threads, 6U);
  EXPECT_EQ(config.data.prefetch_batches, 2U);
  EXPECT_EQ(config.model.path, "models/mi2");
  EXPECT_EQ(config.model.drop_rate, 0.1);
  EXPECT_EQ(config.model.drop_path_rate, 0.2);
  EXPECT_TRUE(config.model.activation_checkpointing);
  ASSERT_TRUE(config.model.architecture);
  EXPECT_EQ(config.model.architecture->image.dims, (std::vector<int>{256, 512, 1024, 2048}));
  EXPECT_EQ(config.augment.mixup_alpha, 0.8F);
  EXPECT_EQ(config.augment.mixup_probability, 0);
  EXPECT_EQ(config.augment.cutmix_alpha, 1);
  EXPECT_EQ(config.augment.cutmix_share, 0.5F);
  EXPECT_EQ(config.augment.scale_min, 0.7F);
  EXPECT_EQ(config.augment.scale_max, 0.9F);
  EXPECT_EQ(config.augment.ratio_max, 1.3333333F);
  EXPECT_TRUE(config.augment.trivial_augment);
  EXPECT_EQ(config.augment.erase_probability, 0.25F);
  EXPECT_EQ(config.augment.horizontal_flip, 0.5F);
  EXPECT_EQ(config.augment.vertical_flip, 0.125F);
  EXPECT_EQ(config.batch.total, 48);
  EXPECT_EQ(config.batch.per_device, 4);
  EXPECT_EQ(config.batch.evaluation, 8);
  EXPECT_EQ(config.optimizer.ema_decay, 0.999);
  EXPECT_TRUE(config.evaluation.ema);
  EXPECT_EQ(config.optimizer.learning_rate, 5e-6);
  EXPECT_EQ(config.max_epochs, 15);
  EXPECT_EQ(config.optimizer.weight_decay, 0.4);
  EXPECT_EQ(config.schedule.warmup_steps, 5);
  EXPECT_EQ(config.schedule.warmup_lr, 1e-9);
  EXPECT_EQ(config.schedule.min_lr, 1e-9);
  EXPECT_EQ(config.parameters.weight_decay_patterns, (std::vector<PatternValue>{{"\\.bias$", 0}, {"logit_scale", 0}}));
  EXPECT_EQ(config.parameters.lr_scale_patterns, (std::vector<PatternValue>{{"^lang_encoder.resblocks.1\\.", 0.001}}));
  EXPECT_EQ(config.parameters.freeze_patterns,
            (std::vector<std::string>{"^lang_encoder.token_embedding", "^convs\\."}));
}

TEST(TrainConfig, TakesTheReferencesDataAsItStands) {
  const TrainConfig config = parse_train_config(test::kReference, "t.yaml");
  ASSERT_EQ(config.data.train.size(), 1U);
  EXPECT_EQ(config.data.train[0].format, dataset::DataFormat::kTsv);
  EXPECT_EQ(config.data.train[0].path, "data/full/train_images.tsv");
  EXPECT_EQ(config.data.train[0].labels, "data/full/train_text.tsv");
  ASSERT_EQ(config.data.validation.size(), 1U) << "both evaluations use the same pictures";
  EXPECT_EQ(config.data.validation[0].path, "data/validation_images.tsv");
  ASSERT_EQ(config.evaluation.knn_bank.size(), 1U);
  EXPECT_EQ(config.evaluation.knn_bank[0].labels, "data/bank_text.tsv");
  EXPECT_EQ(config.evaluation.knn, 64);
  EXPECT_EQ(config.evaluation.metric, Metric::kZeroShotAuc);
}

TEST(TrainConfig, TellsWhichKeysOfTheReferenceHaveNoEffect) {
  const TrainConfig config = parse_train_config(test::kReference, "t.yaml");
  EXPECT_THAT(config.without_effect, ::testing::Contains("DEEPSPEED"));
  EXPECT_THAT(config.without_effect, ::testing::Contains("LR_SCHEDULER_PARAMS.epochs"));
  EXPECT_THAT(config.without_effect, ::testing::Not(::testing::Contains("LOSS.LOSS")));
}

TEST(TrainConfig, PrintsEverySettingSoThatItReadsBackTheSame) {
  for (const char* text : {test::kMinimal, test::kReference}) {
    const TrainConfig config = parse_train_config(
        text, "t.yaml",
        {R"(NAME="a \"quoted\" \x01 name")", "MAX_STEPS=7", "EVAL_PER_OPTIM_STEPS=0",
         "AUG.TORCHVISION_AUG.AUTO_AUGMENT=null", "PREFETCH_FACTOR=3", "CACHE_MEGABYTES=0", "AUG.JITTER_PROB=0.9",
         "AUG.BRIGHTNESS=0.1", "AUG.CONTRAST=0.2", "AUG.SATURATION=0.3", "AUG.HUE=0.4", "AUG.STAIN_PROB=0.5",
         "AUG.STAIN=0.6", "AUG.ROUND_PROB=0.7", "AUG.SMALL_PROB=0.8", "AUG.SMALL_LEAST=0.35"});
    const std::string printed = to_yaml(config);
    const TrainConfig again = parse_train_config(printed, "printed.yaml");
    EXPECT_EQ(to_yaml(again), printed);
    EXPECT_EQ(again.name, "a \"quoted\" \x01 name");
    EXPECT_EQ(again.max_steps, 7);
    EXPECT_TRUE(again.evaluation.with_checkpoints);
    EXPECT_FALSE(again.augment.trivial_augment);
    EXPECT_EQ(again.augment.jitter_probability, 0.9F);
    EXPECT_EQ(again.augment.brightness, 0.1F);
    EXPECT_EQ(again.augment.contrast, 0.2F);
    EXPECT_EQ(again.augment.saturation, 0.3F);
    EXPECT_EQ(again.augment.hue, 0.4F);
    EXPECT_EQ(again.augment.stain_probability, 0.5F);
    EXPECT_EQ(again.augment.stain, 0.6F);
    EXPECT_EQ(again.augment.round_probability, 0.7F);
    EXPECT_EQ(again.augment.small_probability, 0.8F);
    EXPECT_EQ(again.augment.small_least, 0.35F);
    EXPECT_EQ(again.data.prefetch_batches, 3U);
    EXPECT_EQ(again.data.cache_megabytes, 0U);
    EXPECT_EQ(again.model.architecture.has_value(), config.model.architecture.has_value());
    EXPECT_EQ(again.parameters.freeze_patterns, config.parameters.freeze_patterns);
    EXPECT_EQ(again.data.train[0].path, config.data.train[0].path);
    EXPECT_TRUE(again.without_effect.empty());
  }
}

TEST(TrainConfig, RefusesUnknownKeysWithLineAndSuggestion) {
  refuses("MAX_NUM_EPOCH: 3\n", {"t.yaml:10: unknown key 'MAX_NUM_EPOCH'", "did you mean MAX_NUM_EPOCHS?"});
  refuses("AUG:\n  SCALE: [0.8, 1]\n  MIXPU: 0.1\n", {"t.yaml:12:", "'AUG.MIXPU'", "did you mean AUG.MIXUP?"});
  refuses("AUG:\n  HFLIP: 0.1\n", {"'AUG.HFLIP'", "it belongs to another section: AUG.TORCHVISION_AUG.HFLIP"});
  refuses("weight_decay: 0.1\n", {"it belongs to another section: OPTIMIZER_PARAMS.weight_decay"});
  refuses("max_num_epochs: 3\n", {"did you mean MAX_NUM_EPOCHS?"});
  refuses("OUTPUT: x\n", {"here it is SAVE_DIR"});
  refuses("EVALUATION_OF_THE_WHOLE:\n  A: 1\n", {"unknown key 'EVALUATION_OF_THE_WHOLE'"});
  refuses("IMAGE_ENCODER:\n  SPEC:\n    DEPTH: [1]\n", {"t.yaml:12", "did you mean IMAGE_ENCODER.SPEC.DEPTHS?"});
  refuses(std::string(500, 'x') + ": 1\n", {"unknown key"});
}

TEST(TrainConfig, RefusesWrongTypesAndRangesWithTheirLine) {
  refuses("LOG_EVERY: often\n", {"t.yaml:10: LOG_EVERY is 'often', not a finite number"});
  refuses("LOG_EVERY: 0\n", {"LOG_EVERY is 0, it must be in 1.."});
  refuses("LOG_EVERY: 1.5\n", {"not a whole number"});
  refuses("RESUME: maybe\n", {"RESUME is 'maybe', neither true nor false"});
  refuses("AUG:\n  SCALE: [1.0, 0.8]\n", {"t.yaml:11: AUG.SCALE is [1, 0.8]"});
  refuses("AUG:\n  SCALE: 0.8\n", {"AUG.SCALE is no list"});
  refuses("AUG: 3\n", {"AUG is no map"});
  for (const char* device : {"tpu", "torch", "cuda:x", "CPU"}) {
    refuses("DEVICE: " + std::string(device) + "\n",
            {"DEVICE is '" + std::string(device) + "', it must be auto, cpu, cuda or cuda:NUMBER"});
  }
  refuses("OPTIMIZER_PARAMS:\n  betas: [0.9]\n", {"has 1 entries, expected 2"});
  refuses("OPTIMIZER_PARAMS:\n  betas: [0.9, 1]\n", {"t.yaml:11: OPTIMIZER_PARAMS.betas[1] is 1"});
  refuses("EVAL:\n  METRIC: f1\n", {"EVAL.METRIC is 'f1', it must be one of zero_shot_accuracy"});
  refuses("NO_WEIGHT_DECAY_MODULES: [bn]\n", {"is 'bn', it must be norm or dw"});
}

TEST(TrainConfig, RefusesWhatContradictsItself) {
  refuses("LOG_EVERY: 1\nLOG_EVERY: 2\n", {"t.yaml:11: LOG_EVERY is given twice"});
  refuses("GRAD_CLIPPING: 1\nGRADIENT_CLIP: 1\n", {"t.yaml:11: GRADIENT_CLIP says the same as GRAD_CLIPPING"});
  refuses("LR_SCHEDULER_PARAMS: {warmup_steps: 1, warmup_epochs: 1}\n", {"warmup_epochs and warmup_steps"});
  refuses("LR_SCHEDULER_PARAMS: {min_lr: 0.1}\n", {"min_lr is 0.1, above START_LEARNING_RATE"});
  refuses("EVAL: {PATIENCE: 3}\n", {"EVAL.PATIENCE needs something to evaluate"});
  expect_error(Code::kBadFile, {"BATCH_SIZE_PER_GPU is 100, more than"},
               [] { minimal("", {"TRAIN.BATCH_SIZE_PER_GPU=100"}); });
  expect_error(Code::kBadFile, {"EVAL.METRIC is knn_auc, but EVAL.KNN is off"}, [] {
    minimal("", {"EVAL.METRIC=knn_auc", "EVAL.KNN=0", "DATASET.VALIDATION=[{PATH: v.csv}]"});
  });
}

TEST(TrainConfig, SaysWhatItDoesNotHaveYetTheReferenceDoes) {
  refuses("OPTIMIZER: lamb\n", {"OPTIMIZER is 'lamb', mi2 has AdamW and SGD"}, Code::kUnsupported);
  refuses("LR_SCHEDULER_PARAMS: {sched: step}\n", {"mi2 has cosine and linear"}, Code::kUnsupported);
  refuses("LR_SCHEDULER_PARAMS: {sched: linear, cycles: 2}\n", {"cycles", "cosine"});
  refuses("OPTIMIZER: SGD\nOPTIMIZER_PARAMS: {momentum: 0, nesterov: true}\n", {"nesterov", "momentum"});
  refuses("LORA: {ALPHA: 4}\n", {"LORA.ALPHA", "LORA.RANK"});
  refuses("LORA: {UNFREEZE: [norm]}\n", {"LORA.UNFREEZE", "LORA.RANK"});
  refuses("LORA: {RANK: 4, TARGETS: []}\n", {"LORA.TARGETS"});
  refuses("LORA: {RANK: 4, ALPHA: 0}\n", {"LORA.ALPHA"});
  refuses("HOOK: {COMMAND: [echo]}\n", {"HOOK.COMMAND", "DATASET.VALIDATION"});
  refuses("HOOK: {COMMAND: [\"\"]}\n", {"HOOK.COMMAND", "no program"});
  refuses("HOOK: {COMMAND: echo hello}\n", {"HOOK.COMMAND", "list"});
  refuses("LOSS: {LOSS: softmax}\n", {"LOSS.LOSS is 'softmax', mi2 has UniCL"}, Code::kUnsupported);
  refuses("AUG: {MIXCUT: 1.0, MIXCUT_MINMAX: [0.2, 0.8]}\n", {"AUG.MIXCUT_MINMAX", "expected []"}, Code::kUnsupported);
  refuses("AUG: {TORCHVISION_AUG: {AUTO_AUGMENT: rand-m9}}\n", {"ta_wide"}, Code::kUnsupported);
}

TEST(TrainConfig, ABatchIsAsLargeAsMemoryAllowsOnlyWhereLossesDoNotFollowFromIt) {
  const TrainConfig config = minimal("", {"TRAIN.BATCH_SIZE_PER_GPU=auto", "TRAIN.GRADIENT_CACHING=true"});
  EXPECT_TRUE(config.batch.automatic);
  EXPECT_EQ(config.batch.per_device, 0);
  EXPECT_EQ(accumulation_steps(config.batch, 2), 1);
  EXPECT_THAT(to_yaml(config), HasSubstr("BATCH_SIZE_PER_GPU: auto"));
  EXPECT_TRUE(parse_train_config(to_yaml(config), "again.yaml").batch.automatic);
  EXPECT_FALSE(minimal("", {"TRAIN.BATCH_SIZE_PER_GPU=auto", "TRAIN.BATCH_SIZE_PER_GPU=8"}).batch.automatic);
  expect_error(Code::kBadFile, {"TRAIN.BATCH_SIZE_PER_GPU: auto needs TRAIN.GRADIENT_CACHING: true"},
               [] { minimal("", {"TRAIN.BATCH_SIZE_PER_GPU=auto"}); });
  expect_error(Code::kBadFile, {"TRAIN.BATCH_SIZE_TOTAL is missing"}, [] {
    minimal("", {"TRAIN.GRADIENT_CACHING=true", "TRAIN.BATCH_SIZE_PER_GPU=auto", "TRAIN.BATCH_SIZE_TOTAL=0"});
  });
  expect_error(Code::kBadArgument, {"TRAIN.BATCH_SIZE_PER_GPU is 'Auto'"},
               [] { minimal("", {"TRAIN.BATCH_SIZE_PER_GPU=Auto"}); });
}

TEST(TrainConfig, RefusesPatternsThatAreNoRegularExpressions) {
  refuses("FREEZE_PATTERNS: ['a(']\n", {"t.yaml:10:", "is no regular expression that RE2 reads"});
  refuses("LR_SCALE_PATTERNS: {'(?=x)': 1}\n", {"no look-around"});
  refuses("LR_SCALE_PATTERNS: {'x': -1}\n", {"it must be in 0.."});
}

TEST(TrainConfig, OverridesWinOverTheFile) {
  const TrainConfig config =
      minimal("AUG: {SCALE: [0.5, 0.6]}\n", {"MAX_NUM_EPOCHS=9", "AUG.SCALE=[0.1, 0.2]", "AUG={MIXUP: 0.3}",
                                             "MAX_NUM_EPOCHS=10", "FREEZE_PATTERNS=[\"^lang\"]"});
  EXPECT_EQ(config.max_epochs, 10);
  EXPECT_EQ(config.augment.scale_min, 0.1F);
  EXPECT_EQ(config.augment.mixup_alpha, 0.3F);
  EXPECT_EQ(config.parameters.freeze_patterns, (std::vector<std::string>{"^lang"}));
  expect_error(Code::kBadArgument, {"--set: unknown key 'LOG_EVRY'", "LOG_EVERY"}, [] { minimal("", {"LOG_EVRY=1"}); });
  expect_error(Code::kBadArgument, {"--set: LOG_EVERY is 'x'"}, [] { minimal("", {"LOG_EVERY=x"}); });
  expect_error(Code::kBadArgument, {"is no KEY.SUB=VALUE"}, [] { minimal("", {"LOG_EVERY"}); });
  expect_error(Code::kBadArgument, {"--set: not YAML"}, [] { minimal("", {"LOG_EVERY=[1"}); });
}

TEST(TrainConfig, StartsFromTheModelThatTheFileDescribes) {
  std::string text = test::kReference;
  text.replace(text.find("LOAD_PRETRAINED: true\n  PRETRAINED: models/mi2"), 21, "LOAD_PRETRAINED: false");
  const TrainConfig config = parse_train_config(text, "t.yaml");
  EXPECT_TRUE(config.model.path.empty());
  ASSERT_TRUE(config.model.architecture);
  EXPECT_EQ(config.model.architecture->text.layers, 16);
  text = test::kMinimal;
  text.replace(text.find("MODEL: starter\n"), 15, "IMAGE_ENCODER:\n  SPEC:\n    WINDOW_SIZE: 12\n");
  expect_error(Code::kBadFile, {"IMAGE_ENCODER.NAME is missing"}, [&] { parse_train_config(text, "t.yaml"); });
  const TrainConfig partial = minimal("IMAGE_ENCODER:\n  SPEC:\n    DROP_PATH_RATE: 0.3\n");
  EXPECT_FALSE(partial.model.architecture);
  EXPECT_EQ(partial.model.drop_path_rate, 0.3);
}

TEST(TrainConfig, JoinsDataPathsToTheRoot) {
  const TrainConfig config =
      minimal("", {"DATASET.ROOT=/data", "DATASET.VALIDATION=[{PATH: v.csv, SPLIT: test}]",
                   "DATASET.PROMPTS=/elsewhere/prompts.csv",
                   "DATASET.TRAIN=[{FORMAT: zip, PATH: a.zip, LABELS: a.csv, GROUP_COLUMN: who}]"});
  EXPECT_EQ(config.data.train[0].group_column, "who");
  EXPECT_EQ(config.data.train[0].path, "/data/a.zip");
  EXPECT_EQ(config.data.train[0].labels, "/data/a.csv");
  EXPECT_EQ(config.data.validation[0].path, "/data/v.csv");
  EXPECT_EQ(config.data.prompts, "/elsewhere/prompts.csv");
  expect_error(Code::kBadArgument, {"DATASET.TRAIN[0] has no PATH"}, [] { minimal("", {"DATASET.TRAIN=[{}]"}); });
  expect_error(Code::kBadArgument, {"has a GROUP_COLUMN, and a TSV has no columns"},
               [] { minimal("", {"DATASET.TRAIN=[{PATH: a, LABELS: b, FORMAT: tsv, GROUP_COLUMN: c}]"}); });
  expect_error(Code::kBadArgument, {"has no LABELS"}, [] { minimal("", {"DATASET.TRAIN=[{PATH: a, FORMAT: tsv}]"}); });
  expect_error(Code::kBadFile, {"1 files of images and 0 of labels"},
               [] { minimal("", {"DATASET.TRAIN_TSV_LIST=[a_image.tsv]"}); });
  expect_error(Code::kBadFile, {"does not show"}, [] { minimal("", {"DATASET.TRAIN_TSV_LIST=[a.tsv]"}); });
}

TEST(TrainConfig, TheSplitAndTheColumnsOfAZipsTableAreWrittenAsTheyAreRead) {
  const TrainConfig config =
      minimal("", {"DATASET.TRAIN=[{FORMAT: zip, PATH: a.zip, LABELS: a.csv, SPLIT: train, LABEL_COLUMN: finding, "
                   "FILE_COLUMN: image, CAPTION_COLUMN: text}]"});
  EXPECT_EQ(config.data.train[0].split, "train");
  EXPECT_EQ(parse_train_config(to_yaml(config), "again.yaml").data.train, config.data.train);
}

TEST(TrainConfig, ASplitOfLabelsWithoutColumnsIsRefused) {
  expect_error(Code::kBadArgument, {"has a SPLIT, and its LABELS have no columns"},
               [] { minimal("", {"DATASET.TRAIN=[{PATH: a, LABELS: b.tsv, FORMAT: zip, SPLIT: train}]"}); });
  expect_error(Code::kBadArgument, {"has a SPLIT, and a TSV has no columns"},
               [] { minimal("", {"DATASET.TRAIN=[{PATH: a, LABELS: b, FORMAT: tsv, SPLIT: train}]"}); });
}

TEST(TrainConfig, CaptionsWeightsAndBalanceAreWrittenAsTheyAreRead) {
  const TrainConfig config = minimal(
      "", {"DATASET.TRAIN=[{PATH: a.csv, CAPTION_COLUMNS: {findings: 2, impression: 0.5}, WEIGHT: 3}, {PATH: b.csv, "
           "WEIGHT: 1}]",
           "DATASET.BALANCE=patient"});
  EXPECT_EQ(config.data.train[0].captions[1].name, "impression");
  EXPECT_EQ(config.data.train[0].captions[1].weight, 0.5);
  EXPECT_EQ(config.data.train[1].weight, 1);
  EXPECT_EQ(config.data.balance, dataset::Balance::kGroup);
  const TrainConfig again = parse_train_config(to_yaml(config), "again.yaml");
  EXPECT_EQ(to_yaml(again), to_yaml(config));
  EXPECT_EQ(again.data.train[0].captions[0].weight, 2);
  EXPECT_EQ(again.data.balance, dataset::Balance::kGroup);
  const auto refused = [](const char* words, const char* setting) {
    expect_error(Code::kBadArgument, {words}, [&] { minimal("", {setting}); });
  };
  refused("has CAPTION_COLUMN and CAPTION_COLUMNS",
          "DATASET.TRAIN=[{PATH: a, CAPTION_COLUMN: c, CAPTION_COLUMNS: {d: 1}}]");
  refused("CAPTION_COLUMNS, and a TSV has no columns",
          "DATASET.TRAIN=[{PATH: a, LABELS: b, FORMAT: tsv, CAPTION_COLUMNS: {d: 1}}]");
  refused("WEIGHT", "DATASET.TRAIN=[{PATH: a, WEIGHT: 0}]");
  refused("has a WEIGHT, and an evaluation takes each image once", "DATASET.VALIDATION=[{PATH: a, WEIGHT: 2}]");
  refused("expected label, patient or null", "DATASET.BALANCE=study");
}

TEST(TrainConfig, SurvivesHostileText) {
  expect_error(Code::kTooLarge, {"the limit is"},
               [] { parse_train_config(std::string(kMaxTrainConfigBytes + 1, ' '), "t.yaml"); });
  expect_error(Code::kBadFile, {"t.yaml: not YAML"}, [] { parse_train_config("a: [", "t.yaml"); });
  expect_error(Code::kBadFile, {"holds no map"}, [] { parse_train_config("[1, 2]", "t.yaml"); });
  // A list that holds itself.
  refuses("IMAGE_ENCODER: {IMAGE_SIZE: &a [*a]}\n", {"is no single value"});
  refuses("? [1]\n: 2\n", {"holds a key that is no single value"});
}

TEST(TrainConfig, DividesBatchesAmongProcesses) {
  EXPECT_EQ(accumulation_steps({96, 12, 1}, 1), 8);
  EXPECT_EQ(accumulation_steps({96, 12, 1}, 4), 2);
  EXPECT_EQ(accumulation_steps({96, 0, 1}, 2), 1);
  EXPECT_EQ(device_batch({96, 0, 1}, 2), 48);
  EXPECT_EQ(accumulation_steps({0, 12, 1}, 3), 1);
  expect_error(Code::kBadArgument, {"96 is no multiple of 5 processes"}, [] { accumulation_steps({96, 12, 1}, 5); });
  expect_error(Code::kBadArgument, {"no multiple"}, [] { device_batch({96, 0, 1}, 7); });
  TrainConfig config = minimal();
  EXPECT_EQ(total_steps(config, 19), 57);
  config.max_steps = 20;
  EXPECT_EQ(total_steps(config, 19), 20);
  config.max_epochs = 0.5;
  EXPECT_EQ(total_steps(config, 19), 10);
  config.batch = {96, 12, 1};
  EXPECT_EQ(peak_learning_rate(config, 2), 1e-4);
  config.optimizer.scale_learning_rate = true;
  EXPECT_DOUBLE_EQ(peak_learning_rate(config, 2), 8e-4);
}

TEST(TrainConfig, ReadsAFile) {
  const mi2::test::TemporaryFolder folder;
  EXPECT_EQ(load_train_config(folder.write("a.yaml", test::kMinimal), {"SEED=4"}).data.seed, 4U);
  expect_error(Code::kNotFound, {"none.yaml"}, [&] { load_train_config(folder / "none.yaml"); });
}

TEST(TrainConfig, EveryKeyIsDocumented) {
  const std::string page = mi2::test::read_back(MI2_DOCS_DIR "/training-config.md");
  for (const Key& key : all_keys()) {
    EXPECT_THAT(page, HasSubstr(fmt::format("| `{}` |", key.path)));
    EXPECT_THAT(page, HasSubstr(std::string(key.help)));
  }
}

}  // namespace
}  // namespace mi2::train
