#include "benchmark/fidelity/subject.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "models/full_config.hpp"
#include "models/model.hpp"
#include "text/tokenizer.hpp"
#include "weights/config.hpp"

namespace mi2::fidelity {
namespace {

class Directory final : public Subject {
 public:
  Directory(const std::filesystem::path& model, const EmbedderOptions& options)
      : embedder_(Embedder::open(model, options)) {}

  [[nodiscard]] std::string device() const override { return to_string(embedder_.options().device); }
  EmbeddingMatrix embed_images(std::span<const Pixels> images) override { return embedder_.embed_images(images); }
  TextEmbeddings embed_texts(std::span<const std::string> texts) override { return embedder_.embed_texts(texts); }

 private:
  Embedder embedder_;
};

ops::CpuOps::Options engine_options(const EmbedderOptions& options) {
  ops::CpuOps::Options engine;
  engine.precision = options.dtype.value_or(DType::kF32);
  engine.threads = options.threads;
  return engine;
}

EmbeddingMatrix rows_of(const tensor::Tensor& x) {
  EmbeddingMatrix rows(static_cast<std::size_t>(x.shape()[0]), static_cast<std::size_t>(x.shape()[1]));
  std::copy_n(x.data<float>(), rows.numbers().size(), rows.data());
  return rows;
}

class Synthetic final : public Subject {
 public:
  explicit Synthetic(const EmbedderOptions& options)
      : config_(weights::parse_config(models::kFullConfig, "the full model")),
        model_(models::synthetic_cpu_model(config_, engine_options(options))) {}

  [[nodiscard]] std::string device() const override { return to_string(Device{}); }
  EmbeddingMatrix embed_images(std::span<const Pixels> images) override {
    const auto& image = config_.image;
    tensor::Tensor x({static_cast<std::int64_t>(images.size()), image.height, image.width, 3});
    float* out = x.data<float>();
    for (const Pixels& pixels : images) {
      if (pixels.samples.size() != static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width) * 3) {
        throw Error(Code::kBadArgument, fmt::format("pixels are {} x {}, expected {} x {}", pixels.width, pixels.height,
                                                    image.width, image.height));
      }
      for (std::size_t i = 0; i < pixels.samples.size(); ++i) {
        *out++ = (static_cast<float>(pixels.samples[i]) / 255.0F - image.mean[i % 3]) / image.std[i % 3];
      }
    }
    return rows_of(model_->embed_images(x));
  }

  TextEmbeddings embed_texts(std::span<const std::string> texts) override {
    ops::TokenBatch batch;
    std::vector<bool> truncated;
    for (const std::string& text : texts) {
      const text::Tokens tokens = tokenizer_.encode(text, config_.text.context);
      truncated.push_back(tokens.truncated);
      batch.add(tokens.ids);
    }
    return {rows_of(model_->embed_texts(batch)), std::move(truncated)};
  }

 private:
  weights::ModelConfig config_;
  text::Tokenizer tokenizer_;
  std::unique_ptr<models::CpuModel> model_;
};

}  // namespace

std::unique_ptr<Subject> open_subject(const std::optional<std::filesystem::path>& model,
                                      const EmbedderOptions& options) {
  if (model) return std::make_unique<Directory>(*model, options);
  if (options.device.kind != Device::Kind::kCpu && options.device.kind != Device::Kind::kAuto) {
    throw Error(Code::kBadArgument, "a device other than cpu needs a model's folder");
  }
  return std::make_unique<Synthetic>(options);
}

}  // namespace mi2::fidelity
