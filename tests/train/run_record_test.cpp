#include "train/config/run_record.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"
#include "support/expect_error.hpp"
#include "train/config/config.hpp"
#include "train/config/model_sections.hpp"

namespace mi2::train {
namespace {

using mi2::test::error_of;
using mi2::test::expect_error;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RunRecord record_of(const std::vector<std::string>& overrides, std::int64_t steps = 10) {
  const TrainConfig config = parse_train_config(test::kMinimal, "t.yaml", overrides);
  RunRecord record{settings_to_record(config), steps};
  record.settings["DATASET.TRAIN"] = "48 records, sha256 00";
  record.settings["START_LEARNING_RATE"] = std::to_string(config.optimizer.learning_rate);
  return record;
}

std::vector<std::string> changes(const std::vector<std::string>& overrides,
                                 const std::vector<std::string>& allowed = {}, std::int64_t steps = 10) {
  return check_changes(record_of({}), record_of(overrides, steps), allowed, "step-1");
}

TEST(RunRecord, RefusesWhatChangesTheWeightsByKeyOldAndNewValue) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"SEED", "7"},
           {"BF16", "true"},
           {"GRAD_CLIPPING", "3"},
           {"AUG.SCALE", "[0.5, 1]"},
           {"AUG.MIXUP_PROB", "0.25"},
           {"AUG.TORCHVISION_AUG.AUTO_AUGMENT", "null"},
           {"AUG.TORCHVISION_AUG.HFLIP", "0.5"},
           {"OPTIMIZER_PARAMS.weight_decay", "0.125"},
           {"OPTIMIZER_PARAMS.betas", "[0.5, 0.75]"},
           {"LR_SCHEDULER_PARAMS.warmup_steps", "3"},
           {"LR_SCHEDULER_PARAMS.min_lr", "1.0e-06"},
           {"WEIGHT_SMOOTHING.decay", "0.5"},
           {"CUSTOMIZED_PARAMS_CONF.FREEZE_PATTERNS", "[\"bias\"]"},
           {"TRAIN.GRADIENT_CACHING", "true"},
           {"EVAL.METRIC", "knn_auc"},
       }) {
    expect_error(Code::kBadArgument, {"step-1", key + " was", "is", value, "--allow-change"},
                 [&, set = key + "=" + value] { changes({set}); });
    EXPECT_THAT(changes({key + "=" + value}, {key}), ElementsAre(HasSubstr(key + " was"))) << key;
  }
}

TEST(RunRecord, LetsChangeWhatSaysWhereHowOftenAndHowFast) {
  EXPECT_THAT(changes({"NAME=x", "SAVE_DIR=elsewhere", "LOG_EVERY=3", "WORKERS=2", "CACHE_MEGABYTES=1",
                       "SAVE_PER_OPTIM_STEPS=3", "KEEP_LAST_N=7", "EVAL.EVERY_EPOCHS=2", "ENABLE_CHECKPOINT=true",
                       "DATASET.ROOT=moved", "ENERGY.WATTS=5"}),
              IsEmpty());
}

TEST(RunRecord, NamesAllThatChangedAndNotWhatIsAllowed) {
  const Error error = error_of([] { return changes({"SEED=7", "BF16=true", "GRAD_CLIPPING=2"}, {"SEED"}); });
  EXPECT_THAT(error.what(), HasSubstr("BF16 was 'false', is 'true'"));
  EXPECT_THAT(error.what(), HasSubstr("GRAD_CLIPPING was '1', is '2'"));
  EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("SEED")));
}

TEST(RunRecord, AllowsByAliasAndRefusesToAllowWhatIsNoSetting) {
  EXPECT_THAT(changes({"FREEZE_PATTERNS=[bias]"}, {"FREEZE_PATTERNS"}), Contains(HasSubstr("FREEZE_PATTERNS was")));
  expect_error(Code::kBadArgument, {"--allow-change 'SED'", "did you mean SEED?"}, [] { changes({}, {"SED"}); });
  expect_error(Code::kBadArgument, {"--allow-change 'WORKERS'"}, [] { changes({}, {"WORKERS"}); });
}

TEST(RunRecord, RefusesAShorterRunAndNotesALongerOne) {
  expect_error(Code::kBadArgument, {"MAX_NUM_EPOCHS was '3', is '2'"}, [] { changes({"MAX_NUM_EPOCHS=2"}, {}, 6); });
  expect_error(Code::kBadArgument, {"MAX_STEPS was '0', is '4'"}, [] { changes({"MAX_STEPS=4"}, {}, 4); });
  EXPECT_THAT(changes({"MAX_STEPS=4"}, {"MAX_STEPS"}, 4),
              ElementsAre(HasSubstr("MAX_STEPS was"), HasSubstr("had 10 steps, it has 4")));
  EXPECT_THAT(changes({"MAX_NUM_EPOCHS=4"}, {}, 13),
              ElementsAre(HasSubstr("MAX_NUM_EPOCHS was"), HasSubstr("had 10 steps, it has 13")));
}

TEST(RunRecord, PassesOverKeysThatOnlyOneVersionHas) {
  RunRecord before = record_of({});
  RunRecord now = before;
  before.settings["GONE"] = "1";
  now.settings["NEW"] = "2";
  EXPECT_THAT(check_changes(before, now, {}, "step-1"), IsEmpty());
}

// --- Sections that describe a model, beside a model.

constexpr const char* kModel = R"(IMAGE_ENCODER:
  NAME: davit_v1
  IMAGE_SIZE: [32, 48]
  IMAGE_MEAN: [0.485, 0.456, 0.406]
  IMAGE_STD: [0.229, 0.224, 0.225]
  SPEC:
    PATCH_SIZE: [7, 3]
    PATCH_STRIDE: [4, 2]
    PATCH_PADDING: [3, 1]
    PATCH_PRENORM: [false, true]
    DIM_EMBED: [4, 8]
    NUM_HEADS: [2, 2]
    NUM_GROUPS: [2, 2]
    DEPTHS: [1, 1]
    WINDOW_SIZE: 4
    DROP_RATE: 0.1
    DROP_PATH_RATE: 0.1
LANG_ENCODER:
  NAME: transformer
  TOKENIZER: clip
  CONTEXT_LENGTH: 77
  WIDTH: 8
  HEADS: 2
  LAYERS: 1
  AUTOGRESSIVE: false
UNICL_MODEL:
  DIM_PROJECTION: 6
)";

void check_sections(const std::string& sections) {
  const TrainConfig config = parse_train_config(std::string(test::kMinimal) + sections, "t.yaml");
  check_model_sections(config.model, kModel, "models/m");
}

TEST(ModelSections, MaySayWhatTheModelIs) {
  check_sections(kModel);
  check_sections("");
  // As another writer spells it; with what only training asks for.
  check_sections("IMAGE_ENCODER:\n  IMAGE_SIZE: [ 32,48 ]\n  SPEC: {WINDOW_SIZE: 4, DROP_PATH_RATE: 0.3}\n");
}

TEST(ModelSections, OfAnotherModelAreRefusedByKey) {
  expect_error(Code::kBadArgument,
               {"models/m", "IMAGE_ENCODER.IMAGE_SIZE is '[64, 64]'", "the model's is '[32, 48]'", "no effect"},
               [] { check_sections("IMAGE_ENCODER: {IMAGE_SIZE: [64, 64]}\n"); });
  expect_error(Code::kBadArgument, {"LANG_ENCODER.LAYERS is '2'", "UNICL_MODEL.DIM_PROJECTION is '7'"},
               [] { check_sections("LANG_ENCODER: {LAYERS: 2, WIDTH: 8}\nUNICL_MODEL: {DIM_PROJECTION: 7}\n"); });
  expect_error(Code::kBadArgument, {"IMAGE_ENCODER.NAME is 'resnet'"},
               [] { check_sections("IMAGE_ENCODER: {NAME: resnet}\n"); });
}

}  // namespace
}  // namespace mi2::train
