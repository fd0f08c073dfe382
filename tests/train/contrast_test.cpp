// Gradients of a large batch in pieces: the losses of one piece.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "dataset/augment/random.hpp"
#include "models/torch/torch_model.hpp"
#include "text/tokenizer.hpp"
#include "train/trainer/contrast.hpp"
#include "train/trainer/gradients.hpp"
#include "train/trainer/optimizer.hpp"
#include "weights/config.hpp"

namespace mi2::train {
namespace {

constexpr std::int64_t kImages = 16;

/// Pieces draw other random numbers than the whole: without stochastic depth.
constexpr const char* kConfig = R"(IMAGE_ENCODER:
  NAME: davit_v1
  IMAGE_SIZE: [32, 32]
  IMAGE_MEAN: [0.485, 0.456, 0.406]
  IMAGE_STD: [0.229, 0.224, 0.225]
  SPEC:
    DROP_RATE: 0
    DROP_PATH_RATE: 0
    PATCH_SIZE: [7, 3]
    PATCH_STRIDE: [4, 2]
    PATCH_PADDING: [3, 1]
    PATCH_PRENORM: [false, true]
    DIM_EMBED: [16, 32]
    NUM_HEADS: [2, 4]
    NUM_GROUPS: [2, 4]
    DEPTHS: [1, 1]
    WINDOW_SIZE: 4
LANG_ENCODER:
  NAME: transformer
  TOKENIZER: clip
  CONTEXT_LENGTH: 16
  WIDTH: 32
  HEADS: 2
  LAYERS: 2
  AUTOGRESSIVE: false
UNICL_MODEL:
  DIM_PROJECTION: 32
)";

class ContrastTest : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }

  std::unique_ptr<models::TorchModel> load(double dropout = 0) const {
    ops::TorchOps::Options options;
    options.image_dropout = dropout;
    auto model = models::initial_torch_model(config_, 3, options);
    model->set_training(true);
    return model;
  }

  /// Noise, captions of which some repeat, mixed images.
  dataset::Batch batch() const {
    dataset::Batch made;
    dataset::Random random({11});
    made.pixels = tensor::Tensor({kImages, config_.image.height, config_.image.width, 3});
    for (float& sample : made.pixels.floats()) sample = static_cast<float>(random.normal());
    dataset::Mixup mixup;
    mixup.lambda = 0.75F;
    for (std::int64_t i = 0; i < kImages; ++i) {
      made.classes.push_back(i % 7);
      made.texts.push_back("image of kind " + std::to_string(i % 11));
      mixup.partner.push_back(static_cast<std::size_t>(i ^ 1));
    }
    made.mixup = mixup;
    return made;
  }

  weights::ModelConfig config_ = weights::parse_config(kConfig, "small");
  text::Tokenizer tokenizer_;
};

TEST_F(ContrastTest, InPiecesHasTheLossesOfOneLargeBatchOverTenSteps) {
  std::vector<double> whole;
  for (const std::int64_t pieces : {1, 2, 4, 16}) {
    const auto model = load();
    dataset::TokenCache tokens(tokenizer_, config_.text.context);
    const auto alone = single_process();
    const Contrast contrast(*model, tokens, *alone, at::kCPU, at::kFloat);
    std::vector<TrainedWeight> trained;
    std::vector<at::Tensor> values;
    for (const ops::TorchParameter& parameter : model->parameters()) {
      trained.push_back({parameter.name, parameter.value, 0, 1});
      values.push_back(parameter.value);
    }
    Gradients gradients(values, *alone);
    AdamW optimizer(std::move(trained), {});
    std::vector<double> losses;
    for (int step = 0; step < 10; ++step) {
      gradients.clear();
      if (pieces == 1) {
        const at::Tensor loss = contrast.loss(batch());
        losses.push_back(loss.item<double>());
        loss.backward();
      } else {
        losses.push_back(contrast.backward_in_pieces(batch(), pieces, 5, [] {}));
      }
      gradients.finish();
      optimizer.step([](double) { return 1e-4; });
    }
    if (pieces == 1) whole = losses;
    EXPECT_LT(losses.back(), losses.front() - 0.1);
    for (std::size_t step = 0; step < losses.size(); ++step) {
      EXPECT_NEAR(losses[step], whole[step], 1e-6 * whole[step]) << pieces << " pieces, step " << step;
    }
  }
}

TEST_F(ContrastTest, InPiecesHasTheSameGradientsTwiceUnderDropout) {
  std::vector<at::Tensor> first;
  for (const int time : {0, 1}) {
    const auto model = load(0.3);
    dataset::TokenCache tokens(tokenizer_, config_.text.context);
    const auto alone = single_process();
    const Contrast contrast(*model, tokens, *alone, at::kCPU, at::kFloat);
    int last = 0;
    // What was drawn before must not matter.
    at::manual_seed(static_cast<std::uint64_t>(time));
    const double loss = contrast.backward_in_pieces(batch(), 4, 5, [&] { ++last; });
    EXPECT_TRUE(std::isfinite(loss));
    EXPECT_EQ(last, 1);
    for (std::size_t i = 0; i < model->parameters().size(); ++i) {
      const at::Tensor gradient = model->parameters()[i].value.grad();
      if (time == 0) {
        first.push_back(gradient);
      } else {
        EXPECT_TRUE(at::allclose(gradient, first[i], 1e-4, 1e-6)) << model->parameters()[i].name;
      }
    }
  }
}

TEST_F(ContrastTest, InPiecesTrainsOneTowerWhileTheOtherIsFrozen) {
  const auto model = load();
  for (ops::TorchParameter& parameter : model->parameters()) {
    if (!parameter.name.starts_with("lang_")) parameter.value.requires_grad_(false);
  }
  dataset::TokenCache tokens(tokenizer_, config_.text.context);
  const auto alone = single_process();
  const Contrast contrast(*model, tokens, *alone, at::kCPU, at::kFloat);
  const double loss = contrast.backward_in_pieces(batch(), 4, 5, [] {});
  EXPECT_NEAR(loss, contrast.loss(batch()).item<double>(), 1e-6 * loss);
  for (const ops::TorchParameter& parameter : model->parameters()) {
    EXPECT_EQ(parameter.value.grad().defined(), parameter.name.starts_with("lang_")) << parameter.name;
  }
}

}  // namespace
}  // namespace mi2::train
