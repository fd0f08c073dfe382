#include "dataset/augment/augmenter.hpp"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dataset/augment/crop.hpp"
#include "dataset/augment/erase.hpp"
#include "dataset/augment/flip.hpp"
#include "dataset/augment/jitter.hpp"
#include "dataset/augment/stain.hpp"
#include "dataset/augment/trivial_augment.hpp"
#include "dataset/augment/view.hpp"
#include "image/image.hpp"

namespace mi2::dataset {
namespace {

/// Draws nothing for what is off, so that it leaves the draws of what is on as they were.
bool happens(Random& random, float probability) { return probability > 0 && random.chance(probability); }

}  // namespace

Augmenter::Augmenter(const InputFormat& format, const AugmentOptions& options) : format_(format), options_(options) {
  check(options);
  if (format.width < 1 || format.height < 1) {
    throw Error(Code::kBadArgument, fmt::format("input of {} x {} pixels", format.width, format.height));
  }
  for (std::size_t value = 0; value < normalised_.size(); ++value) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      normalised_[value][channel] = (static_cast<float>(value) / 255.0F - format.mean[channel]) / format.std[channel];
    }
  }
}

void Augmenter::normalise(const image::Raster& rgb, std::span<float> pixels) const {
  float* out = pixels.data();
  const std::uint8_t* in = rgb.samples.data();
  for (std::size_t i = 0; i + 3 <= rgb.samples.size(); i += 3) {
    out[i] = normalised_[in[i]][0];
    out[i + 1] = normalised_[in[i + 1]][1];
    out[i + 2] = normalised_[in[i + 2]][2];
  }
}

void Augmenter::plain(const image::Raster& image, std::span<float> pixels) const {
  normalise(to_three_channels(resize_bicubic(image, format_.width, format_.height)), pixels);
}

image::Raster Augmenter::recoloured(image::Raster rgb, Random& random) const {
  if (happens(random, options_.stain_probability)) apply(draw_stain(random, options_.stain), rgb);
  if (happens(random, options_.jitter_probability)) apply(draw_jitter(random, options_), rgb);
  if (options_.trivial_augment) rgb = apply(draw_trivial_augment(random), std::move(rgb));
  return rgb;
}

image::Raster Augmenter::seen_otherwise(image::Raster rgb, Random& random) const {
  if (happens(random, options_.round_probability)) make_round(rgb, draw_radius(random));
  if (!happens(random, options_.small_probability)) return rgb;
  return shown_in(draw_place(random, rgb.width, rgb.height, options_.small_least), rgb);
}

void Augmenter::augmented(const image::Raster& image, Random& random, std::span<float> pixels) const {
  const CropBox box = draw_crop(random, image.width, image.height, options_);
  image::Raster rgb = to_three_channels(crop_and_resize(image, box, format_.width, format_.height));
  if (random.chance(options_.horizontal_flip)) flip_horizontally(rgb);
  if (random.chance(options_.vertical_flip)) flip_vertically(rgb);
  rgb = seen_otherwise(recoloured(std::move(rgb), random), random);
  normalise(rgb, pixels);
  if (const auto erased = draw_erasing(random, format_.width, format_.height, options_.erase_probability)) {
    erase(pixels, format_.width, *erased);
  }
}

}  // namespace mi2::dataset
