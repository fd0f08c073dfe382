// Times training steps of mi2 on one batch: forward, backward, clipping and AdamW, as the trainer does them.
//   mi2_training_steps MODEL_DIR BATCH.safetensors ROUNDS [--device cuda] [--bf16] [--recompute] [--golden]
// Prints the loss before each step and the seconds it took, as JSON. compare.py races it against plain PyTorch.
// --bf16: products by autocast; --recompute: activation checkpointing; --golden: the settings of
// tests/golden/data/train.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "models/torch/devices.hpp"
#include "models/torch/torch_model.hpp"
#include "ops/torch/autocast.hpp"
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

struct Options {
  Device device{Device::Kind::kTorch};
  bool bf16 = false;
  bool recompute = false;
  bool golden = false;
};

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 4; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--device" && i + 1 < argc) {
      options.device = parse_device(argv[++i]);
    } else if (word == "--bf16") {
      options.bf16 = true;
    } else if (word == "--recompute") {
      options.recompute = true;
    } else if (word == "--golden") {
      options.golden = true;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

double decay_of(const ops::TorchParameter& parameter, bool golden) {
  if (!golden) return 0.05;
  const bool plain = parameter.value.dim() >= 2 && parameter.name.find(".dw.") == std::string::npos &&
                     parameter.name.find("embedding") == std::string::npos;
  return plain ? 0.2 : 0;
}

int run(const std::string& folder, const std::string& batch_path, int rounds, const Options& options) {
  const weights::ModelSource source(folder);
  weights::ModelConfig config = source.config();
  config.image.drop_path_rate = 0;  // the peer's losses are compared
  ops::TorchOps::Options engine;
  engine.device = models::torch_device(options.device);
  engine.recompute = options.recompute;
  const auto model = models::load_torch_model(source.weights(), config, engine);
  if (options.golden) {
    const at::NoGradGuard no_graph;
    model->scale_parameter().fill_(2.6593F);
  }
  model->set_training(true);
  std::vector<train::TrainedWeight> trained;
  std::vector<at::Tensor> values;
  for (const ops::TorchParameter& parameter : model->parameters()) {
    trained.push_back({parameter.name, parameter.value, decay_of(parameter, options.golden), 1});
    values.push_back(parameter.value);
  }
  const auto alone = train::single_process();
  train::Gradients gradients(values, *alone);
  train::AdamW optimizer(std::move(trained), {});
  const Batch batch(batch_path);
  const at::Tensor pixels = batch.pixels.to(engine.device);
  const at::Tensor targets = train::pair_targets(batch.classes.to(engine.device));
  std::string losses;
  std::string seconds;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    gradients.clear();
    at::Tensor images;
    at::Tensor texts;
    {
      const ops::torch_ops::Autocast autocast(engine.device, options.bf16 ? at::kBFloat16 : at::kFloat);
      images = model->image_features(pixels);
      texts = model->text_features(batch.tokens);
    }
    const at::Tensor loss = train::unicl_loss(images, texts, model->scale_parameter(), targets);
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
  try {
    const std::optional<Options> options = parse(argc, argv);
    if (argc < 4 || !options) {
      std::fputs(
          "usage: mi2_training_steps MODEL_DIR BATCH.safetensors ROUNDS [--device NAME] [--bf16] [--recompute] "
          "[--golden]\n",
          stderr);
      return 2;
    }
    return run(argv[1], argv[2], std::atoi(argv[3]), *options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mi2_training_steps: {}\n", error.what());
    return 70;
  }
}
