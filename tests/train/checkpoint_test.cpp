#include "train/trainer/checkpoint.hpp"

#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "train/trainer/disk.hpp"
#include "train/trainer/export.hpp"
#include "train/trainer/gradients.hpp"

namespace mi2::train {
namespace {

using mi2::test::expect_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const RunState kState{7, 1, 0.25, 5, 2};
const RunRecord kRecord{{{"SEED", "3"}, {"DATASET.TRAIN", "48 records, sha256 00"}}, 10};

std::vector<NamedTensor> weights_of(float value) {
  return {
      {"model.a", at::full({3, 5}, value)}, {"exp_avg.a", at::full({3, 5}, value / 2)}, {"step.a", at::full({}, 7.0F)}};
}

class CheckpointsTest : public ::testing::Test {
 protected:
  std::filesystem::path save(float value = 1.5F) {
    checkpoints_.save(kState, weights_of(value), kRecord);
    return checkpoints_.path_of(kState.step);
  }

  mi2::test::TemporaryFolder folder_;
  Checkpoints checkpoints_{folder_.path()};
};

TEST_F(CheckpointsTest, GiveBackWhatWasSaved) {
  const StoredCheckpoint stored(save());
  EXPECT_EQ(stored.state(), kState);
  ASSERT_TRUE(stored.record());
  EXPECT_EQ(stored.record()->settings, kRecord.settings);
  EXPECT_EQ(stored.record()->total_steps, 10);
  const std::vector<NamedTensor> tensors = weights_of(0);
  stored.copy_into(tensors, false);
  for (const NamedTensor& tensor : weights_of(1.5F)) {
    const auto same = std::ranges::find(tensors, tensor.name, &NamedTensor::name);
    EXPECT_TRUE(at::equal(same->value, tensor.value)) << tensor.name;
  }
}

TEST_F(CheckpointsTest, ShowEveryDamagedBit) {
  const std::filesystem::path path = save();
  const std::string whole = mi2::test::read_back(path);
  for (std::size_t byte = 0; byte < whole.size(); ++byte) {
    std::string damaged = whole;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << (byte % 8)));
    std::ofstream(path, std::ios::binary) << damaged;
    const auto tensors = weights_of(0);
    try {
      const StoredCheckpoint stored(path);
      stored.copy_into(tensors, false);
      // Blanks before the data are nobody's.
      EXPECT_EQ(whole[byte], ' ') << byte;
      EXPECT_EQ(stored.state(), kState);
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == Code::kBadFile || error.code() == Code::kUnsupported) << byte << error.what();
    }
  }
}

TEST_F(CheckpointsTest, ThatAreCutShowIt) {
  const std::filesystem::path path = save();
  const std::string whole = mi2::test::read_back(path);
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{7}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, bytes);
    expect_error(Code::kBadFile, {"step-"}, [&] { StoredCheckpoint{path}; });
  }
}

TEST_F(CheckpointsTest, NeverHoldWhatIsNotFinite) {
  const std::filesystem::path path = save();
  const std::string before = mi2::test::read_back(path);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    expect_error(Code::kBadArgument, {"'model.a'", "finite"}, [&] { save(bad); });
    const ModelParts parts{"config", std::nullopt};
    expect_error(Code::kBadArgument, {"'model.a'", "finite"},
                 [&] { write_model(folder_ / "model", parts, weights_of(bad), {}); });
  }
  EXPECT_EQ(mi2::test::read_back(path), before);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "model"));
}

TEST_F(CheckpointsTest, OfAChangedRunStartWhatTheyLackFromTheirWeightsOrFromZero) {
  const StoredCheckpoint stored(save());
  std::vector<NamedTensor> tensors = weights_of(0);
  tensors.push_back({"ema.a", at::zeros({3, 5})});
  tensors.push_back({"exp_avg.b", at::ones({2})});
  std::erase_if(tensors, [](const NamedTensor& tensor) { return tensor.name == "step.a"; });
  expect_error(Code::kBadFile, {"holds 3 tensors, expected 4"}, [&] { stored.copy_into(tensors, false); });
  stored.copy_into(tensors, true);
  EXPECT_TRUE(at::equal(tensors[2].value, at::full({3, 5}, 1.5F)));
  EXPECT_TRUE(at::equal(tensors[3].value, at::zeros({2})));
  tensors.push_back({"model.b", at::ones({2})});
  expect_error(Code::kBadFile, {"model.b"}, [&] { stored.copy_into(tensors, true); });
}

TEST_F(CheckpointsTest, AheadOfTheirRunGoFirst) {
  for (const std::int64_t step : {2, 4, 6, 10}) {
    RunState state = kState;
    state.step = step;
    checkpoints_.save(state, weights_of(1), kRecord);
  }
  checkpoints_.prune(2, 6);
  EXPECT_THAT(checkpoints_.steps(), ElementsAre(4, 6));
}

TEST(DiskNeed, IsThatOfTheMostFilesAtOneMoment) {
  TrainConfig config;
  const mi2::test::TemporaryFolder folder;
  config.output = folder / "not/yet/there";
  const auto need = [&](bool evaluated = false) { return disk_need(config, 0, 100, 10, 1'000'000, 10'000, evaluated); };
  EXPECT_EQ(need().checkpoints, 1);
  EXPECT_EQ(need(true).models, 3);
  config.checkpoint.cadence.steps = 10;
  EXPECT_EQ(need().checkpoints, 3);  // two are kept while the third is written
  config.checkpoint.keep_last = -1;
  EXPECT_EQ(need().checkpoints, 11);
  EXPECT_GE(need().needed, 11'000'000U);
  EXPECT_GT(need().free, 0U);
  config.checkpoint.keep_last = 0;
  EXPECT_EQ(need().checkpoints, 1);
}

TEST(DiskNeed, ThatTheDiskDoesNotHaveEndsTheRun) {
  EXPECT_THAT(check_disk({2'000'000, 2'000'000, 3, 1}, "runs/a"), HasSubstr("2.0 MB for 3 checkpoints"));
  expect_error(Code::kBadFile, {"runs/a", "2.0 GB", "1.0 MB are free", "KEEP_LAST_N"}, [] {
    check_disk({2'000'000'000, 1'000'000, 3, 1}, "runs/a");
  });
}

TEST(GradientNorm, OfMillionsOfNumbersIsExact) {
  constexpr std::int64_t kCount = std::int64_t{1} << 23;
  const at::Tensor weight = at::zeros({kCount}).requires_grad_();
  const auto alone = single_process();
  const Gradients gradients(std::vector<at::Tensor>{weight}, *alone);
  weight.mutable_grad() = at::full({kCount}, 0.1F);
  const double exact = double{0.1F} * std::sqrt(static_cast<double>(kCount));
  EXPECT_NEAR(gradients.norm(), exact, 1e-9 * exact);
  // One large number after which small ones are lost where sums are f32.
  weight.mutable_grad()[0].fill_(1000.0F);
  const double with_large = std::sqrt(1e6 + static_cast<double>(kCount - 1) * double{0.1F} * double{0.1F});
  EXPECT_NEAR(gradients.norm(), with_large, 1e-9 * with_large);
  weight.mutable_grad()[1].fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_FALSE(std::isfinite(gradients.norm()));
}

}  // namespace
}  // namespace mi2::train
