#include "embedder/normaliser.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::embedder {

Normaliser::Normaliser(const weights::ModelConfig& config) : height_(config.image.height), width_(config.image.width) {
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t sample = 0; sample < 256; ++sample) {
      values_[channel][sample] =
          (static_cast<float>(sample) / 255.0F - config.image.mean[channel]) / config.image.std[channel];
    }
  }
}

tensor::Tensor Normaliser::operator()(std::span<const Pixels> images) const {
  tensor::Tensor x({static_cast<std::int64_t>(images.size()), height_, width_, 3});
  float* out = x.data<float>();
  for (const Pixels& image : images) {
    if (image.width != width_ || image.height != height_ ||
        image.samples.size() != static_cast<std::size_t>(width_ * height_ * 3)) {
      throw Error(Code::kBadArgument,
                  fmt::format("pixels are {} x {}, expected {} x {}", image.width, image.height, width_, height_));
    }
    for (std::size_t i = 0; i < image.samples.size(); i += 3) {
      for (std::size_t channel = 0; channel < 3; ++channel) *out++ = values_[channel][image.samples[i + channel]];
    }
  }
  return x;
}

}  // namespace mi2::embedder
