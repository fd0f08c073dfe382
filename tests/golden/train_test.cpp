// Ten training steps against the reference implementation's: losses, gradients, and the vectors afterwards.

#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "golden/expected.hpp"
#include "models/torch/torch_model.hpp"
#include "support/distance.hpp"
#include "support/paths.hpp"
#include "train/trainer/gradients.hpp"
#include "train/trainer/loss.hpp"
#include "train/trainer/optimizer.hpp"
#include "weights/config.hpp"
#include "weights/safetensors.hpp"

namespace mi2::train {
namespace {

using test::relative_difference;
using test::worst_difference;

const std::filesystem::path kData = test::golden_data() / "train";
const std::filesystem::path kTiny = test::golden_weights() / "tiny";

std::vector<float> expected(const std::string& name) { return golden::expected("train", name); }

/// An I64 tensor of the batch.
std::vector<std::int64_t> integers(const std::string& name) {
  const weights::SafeTensors file(kData / "batch.safetensors");
  const auto bytes = file.bytes(*file.find(name));
  std::vector<std::int64_t> values(bytes.size() / sizeof(std::int64_t));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

struct Batch {
  at::Tensor pixels;  ///< [8, H, W, 3]
  ops::TokenBatch tokens;
  at::Tensor classes;
};

Batch read_batch() {
  Batch batch;
  const weights::SafeTensors file(kData / "batch.safetensors");
  const ops::Parameter pixels = file.parameter("pixels");
  const std::vector<float> values = pixels.to_floats();
  batch.pixels = at::tensor(at::ArrayRef<float>(values))
                     .view({pixels.shape[0], pixels.shape[1], pixels.shape[2], pixels.shape[3]})
                     .permute({0, 2, 3, 1})
                     .contiguous();
  const std::vector<std::int64_t> ids = integers("input_ids");
  const std::vector<std::int64_t> mask = integers("attention_mask");
  const std::size_t context = ids.size() / 8;
  for (std::size_t t = 0; t < 8; ++t) {
    std::vector<std::int32_t> text;
    for (std::size_t i = 0; i < context && mask[t * context + i] != 0; ++i) {
      text.push_back(static_cast<std::int32_t>(ids[t * context + i]));
    }
    batch.tokens.add(text);
  }
  const std::vector<std::int64_t> labels = integers("labels");
  batch.classes = at::tensor(at::ArrayRef<std::int64_t>(labels));
  return batch;
}

class GoldenTraining : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kTiny / "model.safetensors")) {
      GTEST_SKIP() << "no weights in " << kTiny << "; scripts/make_golden.sh makes them";
    }
    at::set_num_threads(2);
  }

  /// The golden steps know no stochastic depth.
  static std::unique_ptr<models::TorchModel> load(bool recompute) {
    ops::TorchOps::Options options;
    options.recompute = recompute;
    auto config = weights::load_config(kTiny / "config.yaml");
    config.image.drop_path_rate = 0;
    auto model = models::load_torch_model(kTiny / "model.safetensors", config, options);
    const at::NoGradGuard no_graph;
    model->scale_parameter().fill_(2.6593F);
    model->set_training(true);
    return model;
  }
};

/// No decay for biases, norms, depthwise convolutions, embeddings and logit_scale.
double decay_of(const ops::TorchParameter& parameter) {
  const bool plain = parameter.value.dim() >= 2 && parameter.name.find(".dw.") == std::string::npos &&
                     parameter.name.find("embedding") == std::string::npos;
  return plain ? 0.2 : 0;
}

std::vector<float> values_of(const at::Tensor& x) {
  const at::Tensor plain = x.detach().contiguous();
  return {plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()};
}

/// Ten steps as the golden's; `after_first` sees the gradients of the first before they are clipped.
std::vector<double> train_ten_steps(models::TorchModel& model, const Batch& batch,
                                    const std::function<void(const Gradients&)>& after_first) {
  std::vector<TrainedWeight> trained;
  std::vector<at::Tensor> values;
  for (const ops::TorchParameter& parameter : model.parameters()) {
    trained.push_back({parameter.name, parameter.value, decay_of(parameter), 1});
    values.push_back(parameter.value);
  }
  const auto alone = single_process();
  Gradients gradients(values, *alone);
  AdamW optimizer(std::move(trained), {});
  std::vector<double> losses;
  for (int step = 0; step < 10; ++step) {
    gradients.clear();
    const at::Tensor loss = unicl_loss(model.image_features(batch.pixels), model.text_features(batch.tokens),
                                       model.scale_parameter(), pair_targets(batch.classes));
    losses.push_back(loss.item<double>());
    loss.backward();
    gradients.finish();
    if (step == 0) after_first(gradients);
    const double norm = gradients.norm();
    if (norm > 1) gradients.scale(1 / (norm + 1e-6));
    optimizer.step([](double) { return 1e-4; });
  }
  return losses;
}

void check_gradients(models::TorchModel& model, const Gradients& gradients) {
  const double total = expected("grad_norm_total").front();
  EXPECT_NEAR(gradients.norm(), total, 1e-3 * total);
  int whole = 0;
  const weights::SafeTensors file(kData / "expected.safetensors");
  for (const ops::TorchParameter& parameter : model.parameters()) {
    const double norm = expected("grad_norm." + parameter.name).front();
    // Of a weight whose gradient is rounding noise, the length is noise too.
    EXPECT_NEAR(parameter.value.grad().norm().item<double>(), norm, 1e-3 * norm + 1e-7) << parameter.name;
    if (file.find("grad." + parameter.name) == nullptr) continue;
    const std::vector<float> want = expected("grad." + parameter.name);
    EXPECT_LE(relative_difference(values_of(parameter.value.grad()), want), 1e-3) << parameter.name;
    ++whole;
  }
  EXPECT_EQ(whole, 8);
}

TEST_F(GoldenTraining, TenStepsHaveTheReferencesLossesGradientsAndVectors) {
  const Batch batch = read_batch();
  for (const bool recompute : {false, true}) {
    SCOPED_TRACE(recompute ? "activations computed again" : "activations kept");
    const auto model = load(recompute);
    const std::vector<double> losses =
        train_ten_steps(*model, batch, [&](const Gradients& gradients) { check_gradients(*model, gradients); });
    const std::vector<float> want = expected("losses");
    ASSERT_EQ(want.size(), losses.size());
    for (std::size_t step = 0; step < losses.size(); ++step) EXPECT_NEAR(losses[step], want[step], 1e-4) << step;
    model->set_training(false);
    EXPECT_LE(worst_difference(values_of(model->image_features(batch.pixels)), expected("image_features_after")), 1e-3);
    EXPECT_LE(worst_difference(values_of(model->text_features(batch.tokens)), expected("text_features_after")), 1e-3);
  }
}

TEST_F(GoldenTraining, RecomputedActivationsGiveTheSameGradientsUnderDropout) {
  const Batch batch = read_batch();
  std::vector<at::Tensor> kept;
  for (const bool recompute : {false, true}) {
    ops::TorchOps::Options options;
    options.recompute = recompute;
    options.image_dropout = 0.3;
    const auto model =
        models::load_torch_model(kTiny / "model.safetensors", weights::load_config(kTiny / "config.yaml"), options);
    model->set_training(true);
    at::manual_seed(7);
    unicl_loss(model->image_features(batch.pixels), model->text_features(batch.tokens), model->scale_parameter(),
               pair_targets(batch.classes))
        .backward();
    for (std::size_t i = 0; i < model->parameters().size(); ++i) {
      const at::Tensor gradient = model->parameters()[i].value.grad();
      if (!recompute) {
        kept.push_back(gradient);
      } else {
        // The same arithmetic in another order of additions. Less, not at most: infinity is not less than itself.
        EXPECT_LT(worst_difference(values_of(gradient), values_of(kept[i])),
                  1e-5 * (1 + kept[i].abs().max().item<double>()))
            << model->parameters()[i].name;
      }
    }
  }
}

}  // namespace
}  // namespace mi2::train
