// Low-rank additions: what they begin as, what a step trains, and that merged and unmerged models have the same
// vectors.

#include "train/trainer/low_rank.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "models/model.hpp"
#include "models/torch/torch_model.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "train/trainer/export.hpp"
#include "train/trainer/gradients.hpp"
#include "train/trainer/loss.hpp"
#include "weights/config.hpp"
#include "weights/model_source.hpp"

namespace mi2::train {
namespace {

constexpr const char* kSmallModel = R"(IMAGE_ENCODER:
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

std::vector<NamedTensor> named(models::TorchModel& model, bool trained_only) {
  std::vector<NamedTensor> found;
  for (const ops::TorchParameter& parameter : model.parameters()) {
    if (!trained_only || parameter.value.requires_grad()) found.push_back({parameter.name, parameter.value.detach()});
  }
  return found;
}

class LowRankRun : public ::testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    write_model(base(), parts_, named(*models::initial_torch_model(config_, 4, {}), false), {});
    info_ = {base::sha256_hex(base() / "model.safetensors"), 3, 6, rules_.lora->targets};
  }

  [[nodiscard]] std::filesystem::path base() const { return folder_ / "base"; }

  /// The base model with additions; everything else but logit_scale is frozen.
  std::unique_ptr<models::TorchModel> load() {
    ops::TorchOps::Options options;
    options.low_rank = additions(info_, policies_, 7);
    auto model = models::load_torch_model(base() / "model.safetensors", config_, options);
    for (ops::TorchParameter& parameter : model->parameters()) {
      parameter.value.requires_grad_(
          policies_.of(parameter.name, {parameter.value.sizes().data(), parameter.value.sizes().size()}).trainable);
    }
    return model;
  }

  void train(models::TorchModel& model, Optimizer& optimizer, Gradients& gradients) const {
    for (int step = 0; step < 4; ++step) {
      gradients.clear();
      unicl_loss(model.image_features(pixels_), model.text_features(tokens_), model.scale_parameter(),
                 pair_targets(at::arange(4)))
          .backward();
      gradients.finish();
      optimizer.step([](double) { return 0.05; });
    }
  }

  mi2::test::TemporaryFolder folder_;
  weights::ModelConfig config_ = weights::parse_config(kSmallModel, "small");
  ModelParts parts_{kSmallModel, std::nullopt};
  ParameterRules rules_ = [] {
    ParameterRules rules;
    rules.lora = LoraRules{};
    rules.lora->unfreeze = {"logit_scale"};
    return rules;
  }();
  ParameterPolicies policies_{rules_, 0};
  weights::LoraInfo info_;
  at::Tensor pixels_ = at::linspace(-1.5, 1.5, std::int64_t{4} * 32 * 32 * 3).mul(7).sin().view({4, 32, 32, 3});
  ops::TokenBatch tokens_ = [] {
    ops::TokenBatch tokens;
    for (std::int32_t t = 0; t < 4; ++t) tokens.add({49406, 320 + t, 1000 * t + 5, 49407});
    return tokens;
  }();
};

std::vector<float> numbers_of(const at::Tensor& x) {
  const at::Tensor plain = x.detach().contiguous();
  return {plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()};
}

TEST_F(LowRankRun, BeginsAsTheModelThatItStartsFrom) {
  const auto model = load();
  const at::NoGradGuard no_graph;
  const auto plain = models::load_torch_model(base() / "model.safetensors", config_, {});
  EXPECT_TRUE(at::equal(model->image_features(pixels_), plain->image_features(pixels_)));
  EXPECT_TRUE(at::equal(model->text_features(tokens_), plain->text_features(tokens_)));
  for (const ops::TorchParameter& parameter : model->parameters()) {
    if (parameter.name.ends_with(".lora_B")) {
      EXPECT_EQ(parameter.value.abs().max().item<float>(), 0) << parameter.name;
    } else if (parameter.name.ends_with(".lora_A")) {
      // Kaiming uniform of a = sqrt(5): all numbers within 1 / sqrt(in), with a deviation of 1 / sqrt(3 in).
      const double bound = 1 / std::sqrt(static_cast<double>(parameter.value.size(1)));
      EXPECT_LE(parameter.value.abs().max().item<float>(), bound) << parameter.name;
      EXPECT_NEAR(parameter.value.std().item<double>(), bound / std::sqrt(3), 0.25 * bound) << parameter.name;
    }
  }
}

TEST_F(LowRankRun, HasTheSameVectorsMergedBesideTheModelAndUnmerged) {
  const auto model = load();
  std::vector<TrainedWeight> trained;
  std::vector<at::Tensor> values;
  for (const NamedTensor& weight : named(*model, true)) {
    EXPECT_TRUE(weight.name.find(".lora_") != std::string::npos || weight.name == "logit_scale") << weight.name;
  }
  for (ops::TorchParameter& parameter : model->parameters()) {
    if (!parameter.value.requires_grad()) continue;
    trained.push_back({parameter.name, parameter.value, 0, 1});
    values.push_back(parameter.value);
  }
  EXPECT_NE(share_trained(model->parameters(), trained).find("to 24 layers"), std::string::npos);
  const auto alone = single_process();
  Gradients gradients(values, *alone);
  AdamW optimizer(std::move(trained), {});
  train(*model, optimizer, gradients);

  const std::vector<NamedTensor> changed = named(*model, true);
  write_lora(folder_ / "lora.safetensors", info_, changed, {});
  const std::vector<NamedTensor> merged = merged_weights(model->parameters(), changed, info_.scale());
  write_model(folder_ / "merged", parts_, merged, {});
  const at::NoGradGuard no_graph;
  const std::vector<float> unmerged = numbers_of(model->image_features(pixels_));
  const auto vectors_of = [&](const weights::ModelSource& source) {
    const auto loaded = models::load_cpu_model(source, {});
    tensor::Tensor pixels({4, 32, 32, 3});
    std::ranges::copy(numbers_of(pixels_), pixels.data<float>());
    const tensor::Tensor images = loaded->embed_images(pixels);
    return std::vector<float>(images.floats().begin(), images.floats().end());
  };
  const std::vector<float> in_one = vectors_of(weights::ModelSource(folder_ / "merged"));
  const std::vector<float> beside = vectors_of(weights::ModelSource(base(), folder_ / "lora.safetensors"));
  const std::vector<float> before = vectors_of(weights::ModelSource(base()));
  double moved = 0;
  for (std::size_t i = 0; i < unmerged.size(); ++i) {
    EXPECT_NEAR(in_one[i], unmerged[i], 2e-5);
    EXPECT_NEAR(beside[i], unmerged[i], 2e-5);
    moved = std::max(moved, std::abs(static_cast<double>(before[i]) - unmerged[i]));
  }
  EXPECT_GT(moved, 1e-2);
  // W + alpha / rank B A, as the paper and PEFT have it, and no other weight.
  const auto plain = models::load_torch_model(base() / "model.safetensors", config_, {});
  for (std::size_t i = 0; i < merged.size(); ++i) {
    at::Tensor wanted = plain->parameters()[i].value.detach();
    ASSERT_EQ(merged[i].name, plain->parameters()[i].name);
    const auto a = std::ranges::find(changed, merged[i].name + ".lora_A", &NamedTensor::name);
    if (a != changed.end()) {
      const auto b = std::ranges::find(changed, merged[i].name + ".lora_B", &NamedTensor::name);
      wanted = (wanted.to(at::kDouble) + 6.0 / 3.0 * b->value.to(at::kDouble).matmul(a->value.to(at::kDouble)));
      EXPECT_LT((merged[i].value - wanted).abs().max().item<double>(), 1e-6) << merged[i].name;
    } else if (merged[i].name != "logit_scale") {
      EXPECT_TRUE(at::equal(merged[i].value, wanted)) << merged[i].name;
    }
  }
}

TEST_F(LowRankRun, NeedsALayerToAddTo) {
  const auto plain = models::load_torch_model(base() / "model.safetensors", config_, {});
  mi2::test::expect_error(Code::kBadArgument, {"LORA.TARGETS"}, [&] { share_trained(plain->parameters(), {}); });
}

// Expected values: torch.optim.SGD(lr=0.1, momentum=0.9, weight_decay=0.5), with nesterov and without, by its formula.
TEST(Sgd, StepsAsTorchs) {
  for (const bool nesterov : {false, true}) {
    const at::Tensor weight = at::tensor({1.0F, -2.0F}).requires_grad_(true);
    weight.mutable_grad() = at::zeros({2});
    Sgd optimizer({{"w", weight, 0.5, 2}}, {0.9, nesterov});
    std::vector<double> wanted{1, -2};
    std::vector<double> momentum{0, 0};
    for (int step = 0; step < 3; ++step) {
      weight.mutable_grad().copy_(at::tensor({0.5F + static_cast<float>(step), 1.0F}));
      optimizer.step([](double scale) { return 0.1 * scale; });
      for (std::size_t i = 0; i < 2; ++i) {
        const double gradient = (i == 0 ? 0.5 + step : 1) + 0.5 * wanted[i];
        momentum[i] = 0.9 * momentum[i] + gradient;
        wanted[i] -= 0.2 * (nesterov ? gradient + 0.9 * momentum[i] : momentum[i]);
        EXPECT_NEAR(weight.detach()[static_cast<std::int64_t>(i)].item<float>(), wanted[i], 1e-5);
      }
    }
    EXPECT_EQ(optimizer.state().size(), 1U);
  }
}

}  // namespace
}  // namespace mi2::train
