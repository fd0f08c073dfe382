// Times training steps of mi2 on one batch: forward, backward, clipping and AdamW, as the trainer does them.
//   mi2_training_steps MODEL_DIR BATCH.safetensors ROUNDS [--device cuda] [--bf16] [--recompute] [--pieces N]
//   [--golden]
// Prints the loss before each step and the seconds it took, as JSON. compare.py races it against plain PyTorch.
// --bf16: products by autocast; --recompute: activation checkpointing; --pieces N: gradient caching; --golden: the
// settings of tests/golden/data/train. Tensors WEIGHT.lora_A of the batch make it a LoRA run, with B zero and alpha
// twice the rank.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "base/memory.hpp"
#include "models/initial.hpp"
#include "models/torch/devices.hpp"
#include "models/torch/torch_model.hpp"
#include "ops/torch/autocast.hpp"
#include "train/trainer/gradients.hpp"
#include "train/trainer/loss.hpp"
#include "train/trainer/optimizer.hpp"
#include "weights/lora.hpp"
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
  std::int64_t pieces = 1;
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
    } else if (word == "--pieces" && i + 1 < argc) {
      options.pieces = std::max(1, std::atoi(argv[++i]));
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

/// The pair of a weight whose first factor is in the batch.
std::optional<ops::LowRank> addition(const Batch& batch, const ops::Parameter& weight) {
  const std::string name = weight.name + std::string(weights::kLoraA);
  if (batch.file.find(name) == nullptr) return std::nullopt;
  ops::Parameter a = batch.file.parameter(name);
  const std::int64_t rank = a.shape[0];
  return ops::LowRank{std::move(a), models::zeros(weight.name + std::string(weights::kLoraB), {weight.shape[0], rank}),
                      2};
}

/// What a step computes: the loss, and its gradients added to the weights'.
class Contrast {
 public:
  Contrast(models::TorchModel& model, const Batch& batch, at::Device device, at::ScalarType dtype)
      : model_(model),
        batch_(batch),
        device_(device),
        dtype_(dtype),
        pixels_(batch.pixels.to(device)),
        targets_(train::pair_targets(batch.classes.to(device))) {}

  double backward(std::int64_t pieces) const { return pieces > 1 ? cached(pieces) : plain(); }

 private:
  struct Features {
    at::Tensor images;
    at::Tensor texts;
  };

  double plain() const {
    const Features features = piece(0, 1);
    const at::Tensor loss = train::unicl_loss(features.images, features.texts, model_.scale_parameter(), targets_);
    loss.backward();
    return loss.item<double>();
  }

  /// As train::Contrast::backward_in_pieces().
  double cached(std::int64_t pieces) const {
    std::vector<at::Tensor> images;
    std::vector<at::Tensor> texts;
    {
      const at::NoGradGuard no_graph;
      for (std::int64_t i = 0; i < pieces; ++i) {
        const Features part = piece(i, pieces);
        images.push_back(part.images);
        texts.push_back(part.texts);
      }
    }
    const Features all{at::cat(images).requires_grad_(), at::cat(texts).requires_grad_()};
    const at::Tensor loss = train::unicl_loss(all.images, all.texts, model_.scale_parameter(), targets_);
    loss.backward();  // to the features, and the scale
    std::int64_t image = 0;
    std::int64_t text = 0;
    for (std::int64_t i = 0; i < pieces; ++i) {
      const Features part = piece(i, pieces);
      torch::autograd::backward({part.images, part.texts}, {all.images.grad().narrow(0, image, part.images.size(0)),
                                                            all.texts.grad().narrow(0, text, part.texts.size(0))});
      image += part.images.size(0);
      text += part.texts.size(0);
    }
    return loss.item<double>();
  }

  Features piece(std::int64_t number, std::int64_t pieces) const {
    const std::int64_t count = pixels_.size(0);
    const std::int64_t first = count * number / pieces;
    const std::int64_t end = count * (number + 1) / pieces;
    ops::TokenBatch tokens;
    for (std::int64_t t = first; t < end; ++t) {
      const auto from = batch_.tokens.ids.begin();
      tokens.add({from + batch_.tokens.offsets[static_cast<std::size_t>(t)],
                  from + batch_.tokens.offsets[static_cast<std::size_t>(t) + 1]});
    }
    const ops::torch_ops::Autocast autocast(device_, dtype_);
    return {model_.image_features(pixels_.narrow(0, first, end - first)), model_.text_features(tokens)};
  }

  models::TorchModel& model_;
  const Batch& batch_;
  at::Device device_;
  at::ScalarType dtype_;
  at::Tensor pixels_;
  at::Tensor targets_;
};

int run(const std::string& folder, const std::string& batch_path, int rounds, const Options& options) {
  const weights::ModelSource source(folder);
  weights::ModelConfig config = source.config();
  config.image.drop_path_rate = 0;  // the peer's losses are compared
  ops::TorchOps::Options engine;
  engine.device = models::torch_device(options.device);
  engine.recompute = options.recompute;
  const Batch batch(batch_path);
  engine.low_rank = [&](const ops::Parameter& weight) { return addition(batch, weight); };
  if (engine.device.is_cpu()) base::keep_freed_memory();
  const auto model = models::load_torch_model(source.weights(), config, engine);
  if (options.golden) {
    const at::NoGradGuard no_graph;
    model->scale_parameter().fill_(2.6593F);
  }
  model->set_training(true);
  std::vector<train::TrainedWeight> trained;
  std::vector<at::Tensor> values;
  const auto is_addition = [](const std::string& name) {
    return name.ends_with(weights::kLoraA) || name.ends_with(weights::kLoraB);
  };
  const bool lora = std::ranges::any_of(model->parameters(), is_addition, &ops::TorchParameter::name);
  for (ops::TorchParameter& parameter : model->parameters()) {
    parameter.value.requires_grad_(!lora || is_addition(parameter.name));
    if (!parameter.value.requires_grad()) continue;
    trained.push_back({parameter.name, parameter.value, decay_of(parameter, options.golden), 1});
    values.push_back(parameter.value);
  }
  const auto alone = train::single_process();
  train::Gradients gradients(values, *alone);
  train::AdamW optimizer(std::move(trained), {});
  const Contrast contrast(*model, batch, engine.device, options.bf16 ? at::kBFloat16 : at::kFloat);
  std::string losses;
  std::string seconds;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    gradients.clear();
    const double loss = contrast.backward(options.pieces);
    gradients.finish();
    const double norm = gradients.norm();
    if (norm > 1) gradients.scale(1 / (norm + 1e-6));
    optimizer.step([](double) { return 1e-4; });
    const char* const comma = round == 0 ? "" : ", ";
    losses += fmt::format("{}{}", comma, loss);
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
          "[--pieces N] [--golden]\n",
          stderr);
      return 2;
    }
    return run(argv[1], argv[2], std::atoi(argv[3]), *options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mi2_training_steps: {}\n", error.what());
    return 70;
  }
}
