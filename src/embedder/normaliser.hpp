#pragma once
// 8-bit RGB to what the image tower takes.

#include <array>
#include <span>

#include "tensor/tensor.hpp"
#include "weights/config.hpp"

#include <mi2/image.hpp>

namespace mi2::embedder {

class Normaliser {
 public:
  explicit Normaliser(const weights::ModelConfig& config);

  /// / 255, less the mean, by the deviation of each channel: f32 [images, height, width, 3].
  /// @throws Error{kBadArgument} for an image of another size than the model's.
  [[nodiscard]] tensor::Tensor operator()(std::span<const Pixels> images) const;

 private:
  std::int64_t height_;
  std::int64_t width_;
  std::array<std::array<float, 256>, 3> values_{};  ///< of each channel and sample
};

}  // namespace mi2::embedder
