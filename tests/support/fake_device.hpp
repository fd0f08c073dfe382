#pragma once
// Engines of a device that a test plays: vectors that depend on the input alone, and failures when the test wants them.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "models/device.hpp"
#include "models/model.hpp"
#include "tensor/tensor.hpp"
#include "weights/model_source.hpp"

#include <mi2/device.hpp>
#include <mi2/embedder.hpp>

namespace mi2::test {

/// What happens before a pass of each engine, in the order the engines are opened; it may throw. An engine past the
/// last has nothing happen.
inline std::vector<std::function<void()>>& before_pass() {
  static std::vector<std::function<void()>> all;
  return all;
}

class FakeEngine final : public models::Model {
 public:
  FakeEngine(std::int64_t dimensions, std::function<void()> before)
      : dimensions_(dimensions), before_(std::move(before)) {}

  tensor::Tensor embed_images(const tensor::Tensor& pixels) override {
    if (before_) before_();
    const std::int64_t count = pixels.shape()[0];
    tensor::Tensor vectors = empty(count);
    const std::int64_t size = pixels.shape().count() / count;
    for (std::int64_t row = 0; row < count; ++row) {
      double sum = 0;
      for (std::int64_t i = 0; i < size; ++i) sum += pixels.data<float>()[row * size + i];
      fill(vectors, row, sum);
    }
    return vectors;
  }
  /// The tokens are zeros.
  models::ImageFeatures embed_images_and_tokens(const tensor::Tensor& pixels) override {
    tensor::Tensor tokens({pixels.shape()[0], 1, 1, 1});
    std::fill_n(tokens.data<float>(), pixels.shape()[0], 0.0F);
    return {embed_images(pixels), std::move(tokens)};
  }
  tensor::Tensor embed_image_tokens(const tensor::Tensor& tokens) override {
    tensor::Tensor vectors = empty(tokens.shape()[0]);
    for (std::int64_t row = 0; row < tokens.shape()[0]; ++row) fill(vectors, row, 0);
    return vectors;
  }
  tensor::Tensor embed_texts(const ops::TokenBatch& tokens) override {
    if (before_) before_();
    tensor::Tensor vectors = empty(tokens.texts());
    for (std::int64_t row = 0; row < tokens.texts(); ++row) {
      const auto first = tokens.ids.begin() + tokens.offsets[static_cast<std::size_t>(row)];
      const auto last = tokens.ids.begin() + tokens.offsets[static_cast<std::size_t>(row) + 1];
      fill(vectors, row, std::accumulate(first, last, 0.0));
    }
    return vectors;
  }
  [[nodiscard]] float logit_scale() const override { return 1; }

 private:
  [[nodiscard]] tensor::Tensor empty(std::int64_t count) const { return tensor::Tensor({count, dimensions_}); }
  /// A unit vector in the plane of the first two.
  void fill(tensor::Tensor& vectors, std::int64_t row, double angle) const {
    float* const vector = vectors.data<float>() + row * dimensions_;
    for (std::int64_t i = 0; i < dimensions_; ++i) vector[i] = 0;
    vector[0] = static_cast<float>(std::cos(angle));
    vector[1] = static_cast<float>(std::sin(angle));
  }

  std::int64_t dimensions_;
  std::function<void()> before_;
};

inline std::size_t& engines_opened() {
  static std::size_t count = 0;
  return count;
}

inline std::unique_ptr<models::Model> load_fake(const weights::ModelSource& source, const models::DeviceOptions&) {
  const std::size_t number = engines_opened()++;
  std::function<void()> before = number < before_pass().size() ? before_pass()[number] : std::function<void()>();
  return std::make_unique<FakeEngine>(source.config().projection, std::move(before));
}

/// While it lives, the device "torch" is engines that do `before` each.
class FakeDevices {
 public:
  explicit FakeDevices(std::vector<std::function<void()>> before) {
    before_pass() = std::move(before);
    engines_opened() = 0;
    models::device_loader().provide(load_fake);
  }
  FakeDevices(const FakeDevices&) = delete;
  FakeDevices& operator=(const FakeDevices&) = delete;
  ~FakeDevices() { models::device_loader().provide(nullptr); }
};

}  // namespace mi2::test
