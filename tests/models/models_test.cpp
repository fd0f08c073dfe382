// The model template itself, on both op sets: the reference's activations at every stage, and the seams around it.

#include <cmath>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "golden/expected.hpp"
#include "golden/safetensors_fixture.hpp"
#include "models/full_config.hpp"
#include "models/model.hpp"
#include "models/model_on.hpp"
#include "models/synthetic.hpp"
#include "ops/reference/reference_ops.hpp"
#include "support/distance.hpp"
#include "support/paths.hpp"
#include "weights/checkpoint.hpp"

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

const std::filesystem::path kTiny = test::golden_data() / "tiny";
const std::filesystem::path kWeights = test::golden_weights() / "tiny" / "model.safetensors";

/// An op set that keeps what every part of the model hands on.
template <typename Base>
struct Traced : Base {
  using Base::Base;
  using Tensor = mi2::tensor::Tensor;
  std::map<std::string, tensor::Tensor> trace;

  template <typename Body>
  tensor::Tensor segment(std::string_view name, tensor::Tensor x, Body&& body) {
    tensor::Tensor y = body(std::move(x));
    tensor::Tensor kept(y.shape());
    for (std::int64_t r = 0; r < y.shape().rows(); ++r) {
      std::copy_n(y.template row<float>(r), y.shape().back(), kept.row<float>(r));
    }
    trace[std::string(name)] = kept;
    return y;
  }
};

/// Image k of the golden cases after the profile raw, normalised: [1, H, W, 3].
tensor::Tensor golden_pixels(const weights::ModelConfig& config, int k) {
  const golden::Safetensors file(kTiny / "expected.safetensors");
  const golden::U8Tensor planes = file.u8("resized.raw." + std::to_string(k));  // [3, H, W]
  const std::int64_t area = static_cast<std::int64_t>(config.image.height) * config.image.width;
  tensor::Tensor x({1, config.image.height, config.image.width, 3});
  for (std::int64_t i = 0; i < area; ++i) {
    for (std::int64_t c = 0; c < 3; ++c) {
      x.data<float>()[i * 3 + c] =
          (static_cast<float>(planes.values[c * area + i]) / 255.0F - config.image.mean[c]) / config.image.std[c];
    }
  }
  return x;
}

template <typename Ops>
void expect_trace(Ops& ops, double tolerance) {
  const weights::ModelConfig config = weights::load_config(kTiny / "config.yaml");
  weights::Checkpoint checkpoint(kWeights);
  const auto model = load_medimageinsight(ops, checkpoint, config);
  checkpoint.finish();
  embed_images(ops, model, golden_pixels(config, 0));
  for (const char* name : {"conv0", "stage0", "conv1", "stage1", "conv2", "stage2", "conv3", "stage3", "pooled"}) {
    const std::vector<float> want = golden::expected("tiny", "trace." + std::string(name));
    EXPECT_LE(test::relative_difference(ops.trace.at(name).floats(), want), tolerance) << name;
  }
}

class Models : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kWeights)) GTEST_SKIP() << "no " << kWeights << "; scripts/make_golden.sh makes it";
  }
};

// Relative to the largest activation: PyTorch's own f32 sums err by a few 1e-7 a layer.
TEST_F(Models, OracleFollowsTheReferenceStageByStage) {
  Traced<ops::ReferenceOps> ops;
  expect_trace(ops, 3e-6);
}

TEST_F(Models, CpuEngineFollowsTheReferenceStageByStage) {
  Traced<ops::CpuOps> ops{ops::CpuOps::Options{}};
  expect_trace(ops, 3e-6);
}

/// The tokens are the reference's last stage, relative to its largest number; with them the vectors have the same bits.
void expect_tokens(Model& model, double tolerance) {
  const tensor::Tensor pixels = golden_pixels(weights::load_config(kTiny / "config.yaml"), 0);
  const ImageFeatures found = model.embed_images_and_tokens(pixels);
  const std::vector<float> want = golden::expected("tiny", "trace.stage3");
  ASSERT_EQ(found.tokens.shape().count(), static_cast<std::int64_t>(want.size()));
  EXPECT_LE(test::relative_difference(found.tokens.floats(), want), tolerance);
  EXPECT_EQ(test::worst_difference(found.vectors.floats(), model.embed_images(pixels).floats()), 0);
}

/// The mean of an image's tokens, taken for one, becomes the image's vector.
void expect_head(Model& model) {
  const tensor::Tensor pixels = golden_pixels(weights::load_config(kTiny / "config.yaml"), 0);
  const ImageFeatures found = model.embed_images_and_tokens(pixels);
  const std::int64_t channels = found.tokens.shape().back();
  const std::int64_t count = found.tokens.shape().count() / channels;
  tensor::Tensor mean({1, channels});
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (std::int64_t t = 0; t < count; ++t) sum += found.tokens.data<float>()[t * channels + c];
    mean.data<float>()[c] = static_cast<float>(sum / static_cast<double>(count));
  }
  const tensor::Tensor vector = model.embed_image_tokens(mean);
  ASSERT_EQ(vector.shape(), found.vectors.shape());
  EXPECT_LE(test::worst_difference(vector.floats(), found.vectors.floats()), 1e-6);  // means summed in f64 and in f32
}

TEST_F(Models, TheHeadOfTheMeanTokenIsTheVectorOnBothOpSets) {
  const weights::ModelConfig config = weights::load_config(kTiny / "config.yaml");
  expect_head(*load_reference_model(kWeights, config));
  expect_head(*load_cpu_model(kWeights, config, {}));
}

TEST_F(Models, TokensAreTheReferencesLastStageOnBothOpSets) {
  const weights::ModelConfig config = weights::load_config(kTiny / "config.yaml");
  expect_tokens(*load_reference_model(kWeights, config), 3e-6);
  expect_tokens(*load_cpu_model(kWeights, config, {}), 3e-6);
}

TEST_F(Models, EveryTensorOfTheCheckpointIsUsed) {
  const weights::ModelConfig config = weights::load_config(kTiny / "config.yaml");
  weights::ModelConfig shallow = config;
  shallow.image.depths[2] = 1;  // the file has two
  try {
    load_cpu_model(kWeights, shallow, {});
    FAIL() << "left-over tensors were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kBadFile);
    EXPECT_NE(std::string(error.what()).find("image_encoder.blocks.2.1."), std::string::npos) << error.what();
  }
}

TEST_F(Models, SyntheticWeightsGiveUnitVectorsAndTheSameOnesTwice) {
  const weights::ModelConfig config = weights::load_config(kTiny / "config.yaml");
  const tensor::Tensor pixels = golden_pixels(config, 0);
  const tensor::Tensor a = synthetic_cpu_model(config, {})->embed_images(pixels);
  const tensor::Tensor b = synthetic_cpu_model(config, {})->embed_images(pixels);
  double squares = 0;
  for (std::int64_t i = 0; i < a.shape().count(); ++i) {
    ASSERT_EQ(a.data<float>()[i], b.data<float>()[i]);
    squares += std::pow(a.data<float>()[i], 2);
  }
  EXPECT_NEAR(squares, 1.0, 1e-5);
}

/// The pixels that the strided convolutions read for one cell are followed back from it, stage by stage.
TEST(Grid, CellsOfThePublishedModelMeetHalfwayBetweenTheMiddlesOfWhatIsReadForThem) {
  const weights::ModelConfig::Image image = weights::parse_config(kFullConfig, "the full model").image;
  const std::size_t stages = image.dims.size();
  std::vector<double> middles;
  for (int cell = 0; cell < image.grid_after(stages)[1]; ++cell) {
    double first = cell;
    double last = cell;
    for (std::size_t stage = stages; stage > 0; --stage) {
      first = first * image.patch_stride[stage - 1] - image.patch_padding[stage - 1];
      last = last * image.patch_stride[stage - 1] - image.patch_padding[stage - 1] + image.patch_size[stage - 1] - 1;
    }
    middles.push_back((first + last + 1) / 2);
  }
  const auto [y, x] = image.edges_after(stages);
  EXPECT_EQ(y, x);  // it is square
  ASSERT_EQ(x.size(), middles.size() + 1);
  EXPECT_EQ(x.front(), 0);
  EXPECT_EQ(x.back(), image.width);
  for (std::size_t i = 1; i < middles.size(); ++i) EXPECT_EQ(x[i], (middles[i - 1] + middles[i]) / 2) << i;
  EXPECT_EQ(x[1], 16.5);
}

}  // namespace
}  // namespace mi2::models
