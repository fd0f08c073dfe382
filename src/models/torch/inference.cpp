#include "models/torch/inference.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <c10/core/Allocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#if __has_include(<c10/core/CachingDeviceAllocator.h>)
#include <c10/core/CachingDeviceAllocator.h>
#define MI2_TORCH_ALLOCATOR 1
#endif

#include "models/torch/replays.hpp"

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

/// Where this thread computes, for a scope: the model's device, and there a stream that may be recorded.
class Place {
 public:
  Place(at::Device device, const std::optional<c10::Stream>& stream) : device_(device) {
    if (stream) stream_.emplace(*stream);
  }

 private:
  c10::InferenceMode inference_;
  c10::OptionalDeviceGuard device_;
  std::optional<c10::StreamGuard> stream_;
};

std::optional<c10::Stream> stream_of(at::Device device) {
  if (device.is_cpu()) return std::nullopt;
  return c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
}

/// Texts [first, first + count).
ops::TokenBatch part_of(const ops::TokenBatch& tokens, std::int64_t first, std::int64_t count) {
  ops::TokenBatch part;
  for (std::int64_t t = first; t < first + count; ++t) {
    const auto text = static_cast<std::size_t>(t);
    part.add({tokens.ids.begin() + tokens.offsets[text], tokens.ids.begin() + tokens.offsets[text + 1]});
  }
  return part;
}

class Inference final : public Model {
 public:
  Inference(std::unique_ptr<TorchModel> model, at::Device device, std::int64_t images)
      : model_(std::move(model)),
        device_(device),
        stream_(stream_of(device)),
        replays_(device),
        images_(images),
        logit_scale_(model_->logit_scale()) {}

  tensor::Tensor embed_images(const tensor::Tensor& pixels) override {
    const Place place(device_, stream_);
    return ops::TorchOps::to_host(in_parts(pixels.shape()[0], images_, [&](std::int64_t first, std::int64_t count) {
      return replays_(some(pixels, first, count), [this](const at::Tensor& y) { return model_->image_features(y); });
    }));
  }

  ImageFeatures embed_images_and_tokens(const tensor::Tensor& pixels) override {
    const Place place(device_, stream_);
    std::vector<std::int64_t> shape;
    const at::Tensor rows = in_parts(pixels.shape()[0], images_, [&](std::int64_t first, std::int64_t count) {
      const auto [vectors, tokens] = model_->image_features_and_tokens(some(pixels, first, count));
      shape = tokens.sizes().vec();
      return at::cat({vectors.to(at::kFloat), tokens.to(at::kFloat).flatten(1)}, 1);
    });
    shape.front() = rows.size(0);
    const std::int64_t dimensions = rows.size(1) - shape[1] * shape[2] * shape[3];
    return {ops::TorchOps::to_host(rows.narrow(1, 0, dimensions)),
            ops::TorchOps::to_host(rows.narrow(1, dimensions, rows.size(1) - dimensions).reshape(shape))};
  }

  tensor::Tensor embed_image_tokens(const tensor::Tensor& tokens) override {
    const std::int64_t channels = tokens.shape()[1];
    std::int64_t most = std::max<std::int64_t>(tokens.shape()[0], 1);
    const Place place(device_, stream_);
    return ops::TorchOps::to_host(in_parts(tokens.shape()[0], most, [&](std::int64_t first, std::int64_t count) {
      return model_->features_of_tokens(
          ops::TorchOps::on_device(tokens.data<float>() + first * channels, {count, channels}, device_));
    }));
  }

  tensor::Tensor embed_texts(const ops::TokenBatch& tokens) override {
    std::int64_t most = std::max<std::int64_t>(tokens.texts(), 1);
    const Place place(device_, stream_);
    return ops::TorchOps::to_host(in_parts(tokens.texts(), most, [&](std::int64_t first, std::int64_t count) {
      return model_->text_features(count == tokens.texts() ? tokens : part_of(tokens, first, count));
    }));
  }

  [[nodiscard]] float logit_scale() const override { return logit_scale_; }

 private:
  /// Images [first, first + count), on the device.
  [[nodiscard]] at::Tensor some(const tensor::Tensor& pixels, std::int64_t first, std::int64_t count) const {
    const std::int64_t height = pixels.shape()[1];
    const std::int64_t width = pixels.shape()[2];
    return ops::TorchOps::on_device(pixels.data<float>() + first * height * width * 3, {count, height, width, 3},
                                    device_);
  }

  /// The rows of run(first, count), f32 on the CPU, for parts that make up [0, n), no part longer than `most`, which is
  /// halved each time the memory runs out. The caller is at a Place.
  template <typename Run>
  at::Tensor in_parts(std::int64_t n, std::int64_t& most, Run&& run) {
    std::vector<at::Tensor> parts;
    for (std::int64_t first = 0; first < n;) {
      const std::int64_t count = std::min(n - first, most);
      if (std::optional<at::Tensor> part = attempt([&] { return run(first, count).to(at::kCPU, at::kFloat); })) {
        parts.push_back(std::move(*part));
        first += count;
        continue;
      }
      if (count == 1) {
        throw Error(Code::kTooLarge,
                    fmt::format("device '{}': its memory does not suffice for a batch of one", device_.str()));
      }
      replays_.clear();
      give_back_memory(device_);
      most = std::max<std::int64_t>(count / 2, 1);
    }
    return at::cat(parts);
  }

  /// work(), or nothing if the device's memory ran out.
  template <typename Work>
  std::optional<at::Tensor> attempt(Work&& work) {
    try {
      return work();
    } catch (const c10::OutOfMemoryError&) {
      return std::nullopt;
    } catch (const c10::Error& error) {
      const std::string_view text = error.what_without_backtrace();
      throw Error(Code::kInternal, fmt::format("device '{}': {}", device_.str(), text.substr(0, text.find('\n'))));
    }
  }

  std::unique_ptr<TorchModel> model_;
  at::Device device_;
  std::optional<c10::Stream> stream_;
  Replays replays_;
  std::int64_t images_;
  float logit_scale_;
};

}  // namespace

void give_back_memory(at::Device device) {
#if MI2_TORCH_ALLOCATOR
  if (!device.is_cpu()) c10::getDeviceAllocator(device.type())->emptyCache();
#else
  static_cast<void>(device);
#endif
}

std::int64_t images_that_fit(const weights::ModelConfig& config, at::ScalarType dtype, std::uint64_t free) {
  // What lives at once is largest in the first stage: the residual stream, its norm and a sum in f32, and of the
  // products the hidden layer and what goes into it.
  const auto shrink = static_cast<std::uint64_t>(std::max(config.image.patch_stride.front(), 1));
  const std::uint64_t tokens = (static_cast<std::uint64_t>(config.image.width) / shrink + 1) *
                               (static_cast<std::uint64_t>(config.image.height) / shrink + 1);
  const std::uint64_t bytes = tokens * static_cast<std::uint64_t>(config.image.dims.front()) *
                              (3 * sizeof(float) + 6 * c10::elementSize(dtype));
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(free / 2 / std::max<std::uint64_t>(bytes, 1)), 1,
                                  kMostImages);
}

std::int64_t images_of_a_pass(const weights::ModelConfig& config, at::ScalarType dtype, at::Device device) {
  if (device.is_cpu()) return kMostImages;
#if MI2_TORCH_ALLOCATOR
  return images_that_fit(config, dtype, c10::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first);
#else
  return images_that_fit(config, dtype, std::uint64_t{8} << 30U);  // a small GPU
#endif
}

std::unique_ptr<Model> for_inference(std::unique_ptr<TorchModel> model, at::Device device, std::int64_t images) {
  return std::make_unique<Inference>(std::move(model), device, images);
}

}  // namespace mi2::models
