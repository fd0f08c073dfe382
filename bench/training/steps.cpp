// Times training steps of mi2 on one batch: forward, backward, clipping and AdamW, as the trainer does them.
//   mi2_training_steps MODEL_DIR BATCH.safetensors ROUNDS
// Prints the loss before each step and the seconds it took, as JSON. compare.py races it against plain PyTorch.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "models/torch/torch_model.hpp"
#include "train/trainer/gradients.hpp"
#include "train/trainer/loss.hpp"
#include "train/trainer/optimizer.hpp"
#include "weights/model_source.hpp"
#include "weights/safetensors.hpp"

namespace {

using namespace mi2;

/// Everything as F32, so that any program can write it: pixels [B, H, W, 3], lengths [B], ids [tokens], classes [B].
struct Batch {
  explicit Batch(const std::string& path) : file(path) {
    const ops::Parameter image = file.parameter("pixels");
    const std::vector<float> values = image.to_floats();
    pixels = at::tensor(at::ArrayRef<float>(values)).view({image.shape[0], image.shape[1], image.shape[2], 3});
    const std::vector<float> ids = file.parameter("ids").to_floats();
    auto id = ids.begin();
    for (const float length : file.parameter("lengths").to_floats()) {
      tokens.add(std::vector<std::int32_t>(id, id + static_cast<std::ptrdiff_t>(length)));
      id += static_cast<std::ptrdiff_t>(length);
    }
    const std::vector<float> numbers = file.parameter("classes").to_floats();
    classes = at::tensor(at::ArrayRef<float>(numbers)).to(at::kLong);
  }

  weights::SafeTensors file;
  at::Tensor pixels;
  ops::TokenBatch tokens;
  at::Tensor classes;
};

int run(const std::string& folder, const std::string& batch_path, int rounds) {
  const weights::ModelSource source(folder);
  weights::ModelConfig config = source.config();
  config.image.drop_path_rate = 0;  // the peer's losses are compared
  const auto model = models::load_torch_model(source.weights(), config, {});
  model->set_training(true);
  std::vector<train::TrainedWeight> trained;
  std::vector<at::Tensor> values;
  for (const ops::TorchParameter& parameter : model->parameters()) {
    trained.push_back({parameter.name, parameter.value, 0.05, 1});
    values.push_back(parameter.value);
  }
  const auto alone = train::single_process();
  train::Gradients gradients(values, *alone);
  train::AdamW optimizer(std::move(trained), {});
  const Batch batch(batch_path);
  std::string losses;
  std::string seconds;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    gradients.clear();
    const at::Tensor loss = train::unicl_loss(model->image_features(batch.pixels), model->text_features(batch.tokens),
                                              model->scale_parameter(), train::pair_targets(batch.classes));
    loss.backward();
    const double norm = gradients.norm();
    if (norm > 1) gradients.scale(1 / (norm + 1e-6));
    optimizer.step([](double) { return 1e-4; });
    const char* const comma = round == 0 ? "" : ", ";
    losses += fmt::format("{}{}", comma, loss.item<double>());
    seconds +=
        fmt::format("{}{}", comma, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  fmt::print("{{\"losses\": [{}], \"seconds\": [{}]}}\n", losses, seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: mi2_training_steps MODEL_DIR BATCH.safetensors ROUNDS\n", stderr);
    return 2;
  }
  try {
    return run(argv[1], argv[2], std::atoi(argv[3]));
  } catch (const std::exception& error) {
    fmt::print(stderr, "mi2_training_steps: {}\n", error.what());
    return 70;
  }
}
