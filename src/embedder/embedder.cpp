#include <algorithm>
#include <iterator>
#include <mutex>

#include <fmt/format.h>

#include "embedder/encoded_image_impl.hpp"
#include "embedder/normaliser.hpp"
#include "embedder/preparer.hpp"
#include "models/calibration.hpp"
#include "models/device.hpp"
#include "models/model.hpp"
#include "text/tokenizer.hpp"
#include "weights/model_source.hpp"

#include <mi2/dtype.hpp>
#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>
#include <mi2/tokenize.hpp>
#include <mi2/version.hpp>

namespace mi2 {
namespace {

/// Tokens of one forward pass of the text tower: enough to keep the processor busy, little enough for the caches.
constexpr std::size_t kTokensPerPass = 1024;

text::Tokenizer open_tokenizer(const weights::ModelSource& source) {
  const std::optional<weights::ModelSource::Tokenizer> own = source.tokenizer();
  if (!own) return {};
  return {own->vocab, own->merges, own->name};
}

text::Tokens encode(const text::Tokenizer& tokenizer, std::span<const std::string> texts, std::size_t index,
                    int context) {
  try {
    return tokenizer.encode(texts[index], context);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("text {}: {}", index + 1, error.what()));
  }
}

/// A mistake in the options is reported before anything slow happens.
ops::CpuOps::Options engine_options(const EmbedderOptions& options) {
  if (options.dtype && *options.dtype != DType::kAuto && options.device.kind == Device::Kind::kCpu)
    ops::check_precision(*options.dtype);
  ops::CpuOps::Options engine;
  engine.threads = options.threads;
  return engine;
}

}  // namespace

std::string_view version() noexcept { return MI2_VERSION; }

std::vector<DType> supported_dtypes() {
  std::vector<DType> supported;
  std::ranges::copy_if(ops::kPrecisions, std::back_inserter(supported), ops::CpuOps::supports);
  return supported;
}

struct Embedder::Impl {
  Impl(const std::filesystem::path& path, const EmbedderOptions& wanted)
      : options(wanted),
        preparer(wanted.image),
        engine(engine_options(wanted)),
        source(path, wanted.lora),
        config(source.config()),
        tokenizer(open_tokenizer(source)) {
    if (options.device.kind == Device::Kind::kAuto) {
      models::FirstCard card = models::try_first_card(source, options.dtype);
      options.device = card.model ? models::kFirstCard : Device{};
      model = std::move(card.model);
      why_cpu = std::move(card.why_cpu);
    } else if (options.device.kind != Device::Kind::kCpu) {
      model = models::load_device_model(source, {options.device, models::device_dtype(options.dtype), options.threads});
    }
    if (model) {
      options.dtype = models::device_dtype(options.dtype);
      instructions = to_string(options.device);
    } else {
      load_on_cpu();
    }
  }

  void load_on_cpu() {
    engine = engine_options(options);
    engine.precision = models::precision_of(options.dtype, source);
    options.dtype = engine.precision;
    models::Int8Fit fit;
    auto loaded = models::load_cpu_model(source, engine, fit);
    warning = models::warning_of(fit);
    instructions = name_of(loaded->ops().isa());
    model = std::move(loaded);
  }

  EmbedderOptions options;
  embedder::Preparer preparer;
  ops::CpuOps::Options engine;
  weights::ModelSource source;
  const weights::ModelConfig& config;
  const embedder::Normaliser normalised{config};
  text::Tokenizer tokenizer;
  std::unique_ptr<models::Model> model;
  std::string instructions;
  std::string warning;
  std::string why_cpu;
  std::mutex turn;  ///< one forward pass at a time: it already uses every thread
  std::once_flag hashed;
  std::string weights_sha256;
};

namespace {

/// Copies the rows of x [n, dimensions] to the rows of `to` from `first` on: the one way out of a model.
/// @param kind  what errors call an input.
/// @throws Error{kUnsupported} naming the first input whose vector is not finite.
void copy_rows(const tensor::Tensor& x, EmbeddingMatrix& to, std::size_t first, std::string_view kind, DType dtype) {
  const std::size_t width = to.dimensions();
  const auto count = static_cast<std::size_t>(x.shape().count()) / width;
  for (std::size_t i = 0; i < count; ++i) {
    const float* row = x.data<float>() + i * width;
    if (!tensor::all_finite(tensor::DType::kF32, row, width)) {
      const std::string place = to.rows() > 1 ? fmt::format("{} {}: ", kind, first + i + 1) : "";
      throw Error(Code::kUnsupported,
                  fmt::format("{}the model's vector of the {} is not finite: its weights are too large for {}", place,
                              kind, name_of(dtype)));
    }
    std::copy_n(row, width, to.row(first + i).data());
  }
}

}  // namespace

Embedder::Embedder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;
Embedder::~Embedder() = default;

Embedder Embedder::open(const std::filesystem::path& model, const EmbedderOptions& options) {
  return Embedder(std::make_unique<Impl>(model, options));
}

int Embedder::dimensions() const noexcept { return impl_->config.projection; }
float Embedder::logit_scale() const noexcept { return impl_->model->logit_scale(); }
const EmbedderOptions& Embedder::options() const noexcept { return impl_->options; }

Provenance Embedder::provenance() const {
  std::call_once(impl_->hashed, [&] { impl_->weights_sha256 = impl_->source.weights_sha256(); });
  const EmbedderOptions& options = impl_->options;
  return {std::string(version()), impl_->weights_sha256, std::string(name_of(options.image.profile)),
          std::string(name_of(options.dtype.value())), impl_->instructions};
}

const std::string& Embedder::why_cpu() const noexcept { return impl_->why_cpu; }

const std::string& Embedder::warning() const noexcept { return impl_->warning; }

Pixels Embedder::prepare(std::span<const std::byte> encoded, std::string_view name) const {
  return impl_->preparer.prepare(encoded, name, impl_->config.image.width, impl_->config.image.height);
}

Pixels Embedder::prepare(std::span<const std::byte> encoded, std::string_view name, const ImageOptions& options) const {
  return embedder::Preparer(options).prepare(encoded, name, impl_->config.image.width, impl_->config.image.height);
}

Pixels Embedder::prepare(std::span<const std::byte> encoded, std::string_view name, const ImageOptions& options,
                         const std::function<void(const ImageView&)>& see) const {
  return embedder::Preparer(options).prepare(encoded, name, impl_->config.image.width, impl_->config.image.height, see);
}

TimedPixels Embedder::prepare_timed(std::span<const std::byte> encoded, std::string_view name,
                                    const ImageOptions& options) const {
  return embedder::Preparer(options).prepare_timed(encoded, name, impl_->config.image.width,
                                                   impl_->config.image.height);
}

Pixels Embedder::prepare(const ImageView& image, std::string_view name) const {
  return impl_->preparer.prepare(image, name, impl_->config.image.width, impl_->config.image.height);
}

Pixels Embedder::prepare(const ImageView& image, std::string_view name, const ImageOptions& options) const {
  return embedder::Preparer(options).prepare(image, name, impl_->config.image.width, impl_->config.image.height);
}

Pixels Embedder::prepare_file(const std::filesystem::path& path) const {
  return prepare(embedder::read_image(path, impl_->options.image.max_file_bytes), path.string());
}

EncodedImage Embedder::open_image(std::vector<std::byte> encoded, std::string_view name,
                                  const ImageOptions& options) const {
  const auto& image = impl_->config.image;
  return EncodedImage(
      std::make_unique<EncodedImage::Impl>(std::move(encoded), name, options, image.width, image.height));
}

EncodedImage Embedder::open_slide(std::span<const std::filesystem::path> files, std::string_view name,
                                  const ImageOptions& options) const {
  const auto& image = impl_->config.image;
  return EncodedImage(std::make_unique<EncodedImage::Impl>(files, name, options, image.width, image.height));
}

EmbeddingMatrix Embedder::embed_images(std::span<const Pixels> images) const {
  EmbeddingMatrix result(images.size(), static_cast<std::size_t>(dimensions()));
  if (images.empty()) return result;
  const tensor::Tensor x = impl_->normalised(images);
  const std::lock_guard lock(impl_->turn);
  const tensor::Tensor vectors = impl_->model->embed_images(x);
  impl_->source.check_intact();
  copy_rows(vectors, result, 0, "image", impl_->options.dtype.value());
  return result;
}

ImageFeatures Embedder::embed_images_and_tokens(std::span<const Pixels> images) const {
  const TokenGrid grid = token_grid();
  const std::size_t numbers = static_cast<std::size_t>(grid.height) * static_cast<std::size_t>(grid.width) *
                              static_cast<std::size_t>(grid.channels);
  ImageFeatures result{EmbeddingMatrix(images.size(), static_cast<std::size_t>(dimensions())),
                       EmbeddingMatrix(images.size(), numbers)};
  if (images.empty()) return result;
  const tensor::Tensor x = impl_->normalised(images);
  const std::lock_guard lock(impl_->turn);
  const models::ImageFeatures found = impl_->model->embed_images_and_tokens(x);
  impl_->source.check_intact();
  copy_rows(found.vectors, result.vectors, 0, "image", impl_->options.dtype.value());
  copy_rows(found.tokens, result.tokens, 0, "image", impl_->options.dtype.value());
  return result;
}

TokenGrid Embedder::token_grid() const noexcept {
  const weights::ModelConfig::Image& image = impl_->config.image;
  const auto [height, width] = image.grid_after(image.dims.size());
  return {height, width, image.dims.back()};
}

PatchEdges Embedder::patch_edges() const {
  const weights::ModelConfig::Image& image = impl_->config.image;
  auto [y, x] = image.edges_after(image.dims.size());
  for (double& edge : y) edge /= image.height;
  for (double& edge : x) edge /= image.width;
  return {std::move(y), std::move(x)};
}

EmbeddingMatrix Embedder::embed_patches(std::span<const float> tokens) const {
  const auto channels = static_cast<std::size_t>(token_grid().channels);
  if (tokens.size() % channels != 0) {
    throw Error(Code::kBadArgument,
                fmt::format("patches: expected {} numbers for each, got {} in all", channels, tokens.size()));
  }
  EmbeddingMatrix result(tokens.size() / channels, static_cast<std::size_t>(dimensions()));
  if (result.empty()) return result;
  tensor::Tensor x({static_cast<std::int64_t>(result.rows()), static_cast<std::int64_t>(channels)});
  std::ranges::copy(tokens, x.data<float>());
  const std::lock_guard lock(impl_->turn);
  const tensor::Tensor vectors = impl_->model->embed_image_tokens(x);
  impl_->source.check_intact();
  copy_rows(vectors, result, 0, "patch", impl_->options.dtype.value());
  return result;
}

TextEmbeddings Embedder::embed_texts(std::span<const std::string> texts) const {
  TextEmbeddings result{EmbeddingMatrix(texts.size(), static_cast<std::size_t>(dimensions())), {}};
  ops::TokenBatch batch;
  std::size_t done = 0;
  const auto flush = [&] {
    if (batch.texts() == 0) return;
    const std::lock_guard lock(impl_->turn);
    const tensor::Tensor vectors = impl_->model->embed_texts(batch);
    impl_->source.check_intact();
    copy_rows(vectors, result.vectors, done, "text", impl_->options.dtype.value());
    done += static_cast<std::size_t>(batch.texts());
    batch = {};
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const text::Tokens tokens = encode(impl_->tokenizer, texts, i, impl_->config.text.context);
    result.truncated.push_back(tokens.truncated);
    batch.add(tokens.ids);
    if (batch.ids.size() >= kTokensPerPass) flush();
  }
  flush();
  return result;
}

std::vector<TokenizedText> tokenize(const std::filesystem::path& model, std::span<const std::string> texts) {
  const weights::ModelSource source(model);
  const text::Tokenizer tokenizer = open_tokenizer(source);
  std::vector<TokenizedText> result;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    text::Tokens tokens = encode(tokenizer, texts, i, source.config().text.context);
    result.push_back({std::move(tokens.ids), tokens.truncated});
  }
  return result;
}

}  // namespace mi2
