// int8 that stands outliers: shared scales change no model, and layers stay bf16 only where bytes cost too much.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/calibration.hpp"
#include "models/on_cpu.hpp"
#include "models/packed.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"
#include "weights/checkpoint.hpp"
#include "weights/samples.hpp"

namespace mi2::models {
namespace {

using test::make_parameter;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::filesystem::path kGoldenWeights = test::golden_weights() / "tiny" / "model.safetensors";
const std::filesystem::path kConfig = test::golden_data() / "tiny" / "config.yaml";

TEST(SharedScales, AreWholePowersThatMeetRangesAndColumnsHalfway) {
  // Columns of 1, 1, 1/64, 1, 0 and 1: given 1, 64, 1, 1/1024, 5 and 1.
  const ops::Parameter weight = make_parameter("w", {2, 6}, {1, 1, 1.0F / 64, 1, 0, 1, -0.5F, 0, 0, 0, 0, 0});
  EXPECT_THAT(shared_exponents({1, 64, 1, 1.0F / 1024, 5, 1}, weight), ElementsAre(0, 3, 3, -5, 0, 0));
}

TEST(SharedScales, LeaveAloneWhatIsWithinAFactorOfFour) {
  const ops::Parameter weight = make_parameter("w", {1, 4}, {1, 2, 1, 1.5F});
  EXPECT_THAT(shared_exponents({1, 1.9F, 3.9F, 0.5F}, weight), Each(0));
}

TEST(SharedScales, SurviveRangesOfNoUse) {
  const ops::Parameter weight = make_parameter("w", {1, 4}, {0, 0, 3e38F, 1});
  EXPECT_THAT(shared_exponents({0, 1, 1, std::numeric_limits<float>::infinity()}, weight), Each(0));
}

TEST(SharedScales, ApplyToColumnsOfALayerAndToItsNormTheOtherWay) {
  const Sharing sharing{{"a.proj.weight", {"a.norm.weight", {1, -2}}}};
  EXPECT_THAT(shared(sharing, make_parameter("a.proj.weight", {1, 2, 1, 2}, {1, 2, 3, 4})).to_floats(),
              ElementsAre(2, 4, 0.75F, 1));
  EXPECT_THAT(shared(sharing, make_parameter("a.norm.weight", {2}, {1, 1})).to_floats(), ElementsAre(0.5F, 4));
  EXPECT_THAT(shared(sharing, make_parameter("a.norm.bias", {2}, {6, 1})).to_floats(), ElementsAre(3, 4));
  EXPECT_THAT(shared(sharing, make_parameter("a.proj.bias", {2}, {6, 1})).to_floats(), ElementsAre(6, 1));
}

class Calibration : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kGoldenWeights))
      GTEST_SKIP() << "no " << kGoldenWeights << "; scripts/make_golden.sh makes it";
    options_.threads = 2;
    options_.precision = ops::Precision::kInt8;
  }

  /// The tiny golden model, changed.
  std::filesystem::path changed(const std::function<void(const std::string&, std::vector<float>&)>& change) const {
    weights::Checkpoint checkpoint(kGoldenWeights);
    std::vector<ops::Parameter> tensors;
    for (const auto& [name, row] : std::map(checkpoint.left())) {
      const tensor::Shape shape = checkpoint.file().tensors()[row].shape;
      std::vector<float> values = checkpoint.take(name, shape).to_floats();
      change(name, values);
      tensors.push_back(make_parameter(name, shape, values));
    }
    weights::write_safetensors(folder_ / "changed.safetensors", tensors);
    return folder_ / "changed.safetensors";
  }

  /// A few gains of the text tower 10 times larger.
  std::filesystem::path with_large_gains() const {
    return changed([](const std::string& name, std::vector<float>& values) {
      if (name.find(".ln_") == std::string::npos || !name.ends_with("weight")) return;
      for (const std::size_t c : {7U, 20U, 41U, 50U}) values[c] *= 10;
    });
  }

  test::TemporaryFolder folder_;
  weights::ModelConfig config_ = weights::load_config(kConfig);
  CalibrationInputs inputs_ = built_in_inputs(config_);
  ops::CpuOps::Options options_;
};

TEST_F(Calibration, KeepsTheGoldenModelsLayersAndScales) {
  const FittedModel fitted = load_int8_model(kGoldenWeights, config_, options_, inputs_);
  EXPECT_TRUE(fitted.fit.sharing.empty());
  EXPECT_TRUE(fitted.fit.wide.empty());
  EXPECT_EQ(warning_of(fitted.fit), "");
  EXPECT_GT(fitted.fit.image.after, 0.9995);
  EXPECT_GT(fitted.fit.text.after, 0.9995);
}

TEST_F(Calibration, SharedScalesChangeNoBitOfAModelInF32) {
  const std::filesystem::path weights = with_large_gains();
  const Sharing sharing = load_int8_model(weights, config_, options_, inputs_).fit.sharing;
  ASSERT_FALSE(sharing.empty());
  weights::Checkpoint plain(weights);
  weights::Checkpoint again(weights);
  SharedParameters source(again, sharing);
  OnCpu a(plain, config_, ops::CpuOps::Options{});
  OnCpu b(source, config_, ops::CpuOps::Options{});
  EXPECT_THAT(a.embed_texts(inputs_.texts).floats(),
              ::testing::ElementsAreArray(b.embed_texts(inputs_.texts).floats()));
  EXPECT_THAT(a.embed_images(inputs_.images[0]).floats(),
              ::testing::ElementsAreArray(b.embed_images(inputs_.images[0]).floats()));
}

TEST_F(Calibration, KeepsLayersInBf16WhereBytesCostTooMuchAndSaysSo) {
  const std::filesystem::path weights = with_large_gains();
  const FittedModel fitted = load_int8_model(weights, config_, options_, inputs_);
  const Int8Fit& fit = fitted.fit;
  EXPECT_EQ(fit.image.wide, 0U);
  EXPECT_GT(fit.text.wide, 0U);
  EXPECT_EQ(fit.wide.size(), fit.text.wide);
  EXPECT_LT(fit.text.before, 0.9995);
  EXPECT_GE(fit.text.after, 0.9995);
  EXPECT_THAT(warning_of(fit), HasSubstr("texts: "));
  for (const std::string& layer : fit.wide) EXPECT_THAT(layer, HasSubstr("lang_encoder."));
}

TEST_F(Calibration, LeavesTheBlocksThatTheModelHasToAPackedFile) {
  const std::filesystem::path weights = with_large_gains();
  const auto collected = std::make_shared<CollectedBlocks>();
  ops::CpuOps::Options options = options_;
  options.prepared = collected;
  const FittedModel fitted = load_int8_model(weights, config_, options, inputs_);
  std::size_t wide = 0;
  for (const auto& [name, block] : collected->blocks()) {
    if (!fitted.fit.wide.contains(name)) continue;
    EXPECT_THAT(block.layout.text, HasSubstr("product bf16"));
    ++wide;
  }
  EXPECT_EQ(wide, fitted.fit.wide.size());
}

TEST_F(Calibration, GivesTheSameModelOnAnyThreads) {
  const std::filesystem::path weights = with_large_gains();
  ops::CpuOps::Options one = options_;
  one.threads = 1;
  const FittedModel a = load_int8_model(weights, config_, one, inputs_);
  const FittedModel b = load_int8_model(weights, config_, options_, inputs_);
  EXPECT_EQ(to_text(a.fit), to_text(b.fit));
  EXPECT_THAT(a.model->embed_texts(inputs_.texts).floats(),
              ::testing::ElementsAreArray(b.model->embed_texts(inputs_.texts).floats()));
}

TEST(Int8Fit, IsReadBackFromItsText) {
  Int8Fit fit;
  fit.image = {0.5, 0.75, 3, 40};
  fit.text = {0.999, 0.999, 0, 12};
  fit.wide = {"layer"};
  fit.sharing = {{"layer", {"norm", {0, -1, 3}}}};
  const std::string text = to_text(fit);
  EXPECT_THAT(text, HasSubstr("00ff03"));
  const Int8Fit back = parse_fit(text);
  EXPECT_EQ(warning_of(back), warning_of(fit));
  EXPECT_EQ(back.image.wide, 3U);
  for (const char* bad : {"", "[]", "{}", R"({"image": 1, "text": 2})"}) {
    test::expect_error(Code::kBadFile, {"mi2.calibration"}, [&] { parse_fit(bad); });
  }
  for (const std::string& bad : {text + std::string(1, '\0') + "junk", R"({"bf16": [],)" + text.substr(1)}) {
    test::expect_error(Code::kBadFile, {"mi2.calibration"}, [&] { parse_fit(bad); });
  }
}

}  // namespace
}  // namespace mi2::models
