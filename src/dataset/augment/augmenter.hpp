#pragma once
// From a decoded image to the model's normalised pixels, with the augmentations of training or without.

#include <array>
#include <span>

#include "dataset/augment/options.hpp"
#include "dataset/augment/random.hpp"
#include "image/resize.hpp"

namespace mi2::dataset {

/// What the model's input is: its size, and the mean and standard deviation of RGB in [0, 1].
struct InputFormat {
  int width = 0;
  int height = 0;
  std::array<float, 3> mean{};
  std::array<float, 3> std{};
};

/// Immutable; safe to use from several threads.
class Augmenter {
 public:
  /// @throws Error{kBadArgument} for options out of range or a format without size.
  Augmenter(const InputFormat& format, const AugmentOptions& options);

  [[nodiscard]] const InputFormat& format() const noexcept { return format_; }
  [[nodiscard]] const AugmentOptions& options() const noexcept { return options_; }

  /// Resizes and normalises as `mi2 embed` does. image: [h, w, 1 or 3]; pixels: [height, width, 3].
  void plain(const image::Raster& image, std::span<float> pixels) const;

  /// Crop, flips, stain, jitter, TrivialAugment, field of view, normalisation, erasing: what torchvision's and UniCL's
  /// training presets have in their order.
  void augmented(const image::Raster& image, Random& random, std::span<float> pixels) const;

 private:
  [[nodiscard]] image::Raster recoloured(image::Raster rgb, Random& random) const;
  [[nodiscard]] image::Raster seen_otherwise(image::Raster rgb, Random& random) const;
  void normalise(const image::Raster& rgb, std::span<float> pixels) const;

  InputFormat format_;
  AugmentOptions options_;
  std::array<std::array<float, 3>, 256> normalised_{};  ///< of each sample value, by channel
};

}  // namespace mi2::dataset
