#include "models/calibration_inputs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "base/clip_vocabulary.hpp"

namespace mi2::models {
namespace {

/// Captions and findings as the built-in tokenizer writes them, without start and end; to another vocabulary they are
/// texts as well.
const std::vector<std::vector<std::int32_t>>& texts() {
  static const std::vector<std::vector<std::int32_t>> ids{
      {10563, 343, 268, 3077},
      {5967},
      {35794, 10563, 7176, 4407, 267, 871, 19734, 6211, 39858, 749, 856, 596, 28748, 696},
      {343, 268, 3077, 10563, 926, 33948, 1490, 9364},
      {46550, 1122, 596, 2164, 576, 593, 18501, 3649,  320, 273, 269,
       274,   3741, 534, 1015, 530, 518, 1155,  46325, 539, 518, 12639},
      {24773, 4812, 267, 44685, 566, 339, 272},
      {2540, 25986, 4854, 530, 518, 1823, 35794, 46325},
      {29717, 539, 518, 32558},
      {320, 1125, 539, 320, 1929},
      {4404, 617, 2338, 267, 1823, 9475, 267, 45674, 78, 1121, 5601, 1093, 267, 3035, 268, 559, 646, 275},
      {1229, 9931, 8853, 3649, 30230, 31270, 28466},
      {677, 6005, 64, 9881, 8837, 539, 594, 9429, 46810, 267, 327, 261, 324, 14603},
      {28995},
      {839, 9840, 7504, 539, 320, 40862},
      {997,  533, 320,  2442, 1155, 688,   1110, 28714, 617,   4130, 9203, 269,   518,   1936,
       3235, 533, 5967, 269,  518,  27366, 631,  12376, 3143,  269,  871,  926,   33948, 1490,
       9364, 533, 2041, 537,  518,  2211,  567,  879,   14171, 631,  569,  12404, 269},
      {13476, 20018, 281, 6833, 335, 267, 872, 617, 1014, 29050},
  };
  return ids;
}

/// A repeatable number in [0, 1) for a place.
double noise(std::int64_t x, std::int64_t y, std::uint64_t salt) {
  std::uint64_t state = (static_cast<std::uint64_t>(x) * 0x9E3779B97F4A7C15ULL) ^
                        (static_cast<std::uint64_t>(y) * 0xC2B2AE3D27D4EB4FULL) ^ salt;
  state = (state ^ (state >> 31)) * 0xD6E8FEB86659FD93ULL;
  state = (state ^ (state >> 29)) * 0xD6E8FEB86659FD93ULL;
  return static_cast<double>((state ^ (state >> 32)) >> 11) * 0x1p-53;
}

/// What an image shows at (x, y), both in [0, 1), pixel (column, row).
struct Place {
  double x;
  double y;
  std::int64_t column;
  std::int64_t row;
};

double waves(const Place& p) {
  return 0.5 + 0.5 * std::sin(2 * std::numbers::pi * (3 * p.x + 2 * p.y)) * std::cos(3 * std::numbers::pi * p.y);
}
/// A disc that fades to its rim, with some grain, as scans have it.
double disc(const Place& p) {
  const double radius = std::hypot(p.x - 0.5, p.y - 0.5);
  return (radius < 0.35 ? 0.9 * (1 - radius) : 0.0) + 0.05 * noise(p.column, p.row, 1);
}
double checks(const Place& p) { return (static_cast<int>(p.x * 16) + static_cast<int>(p.y * 16)) % 2; }

/// Four patterns, a quarter each, of other colours: attention looks at windows, so that one image shows several.
std::array<double, 3> mixed(const Place& p) {
  double value = 0;
  if (p.y < 0.5) {
    value = p.x < 0.5 ? waves(p) : waves(p) * noise(p.column, p.row, 2);
  } else {
    value = p.x < 0.5 ? checks(p) : disc(p);
  }
  return {value, value * value, 1 - value};
}
std::array<double, 3> scan(const Place& p) {
  const double value = disc(p);
  return {value, value, value};
}

/// Every frequency, and none.
std::array<double, 3> grain(const Place& p) {
  return {noise(p.column, p.row, 3), noise(p.column, p.row, 4), noise(p.column, p.row, 5)};
}
std::array<double, 3> ramps(const Place& p) { return {p.x, p.y, 1 - p.x}; }

template <typename Colour>
tensor::Tensor image_of(const weights::ModelConfig& config, const Colour& colour) {
  const std::int64_t height = config.image.height;
  const std::int64_t width = config.image.width;
  tensor::Tensor x({1, height, width, 3});
  float* out = x.data<float>();
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      const std::array<double, 3> values =
          colour(Place{static_cast<double>(column) / static_cast<double>(width),
                       static_cast<double>(row) / static_cast<double>(height), column, row});
      for (std::size_t c = 0; c < 3; ++c) {
        *out++ = (static_cast<float>(values.at(c)) - config.image.mean[c]) / config.image.std[c];
      }
    }
  }
  return x;
}

}  // namespace

CalibrationInputs built_in_inputs(const weights::ModelConfig& config) {
  CalibrationInputs inputs;
  inputs.images.push_back(image_of(config, mixed));
  inputs.images.push_back(image_of(config, scan));
  inputs.images.push_back(image_of(config, grain));
  inputs.images.push_back(image_of(config, ramps));
  const auto longest = static_cast<std::size_t>(std::max(config.text.context - 2, 0));
  for (const std::vector<std::int32_t>& text : texts()) {
    std::vector<std::int32_t> ids{base::kClipStart};
    ids.insert(ids.end(), text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(text.size(), longest)));
    ids.push_back(base::kClipEnd);
    inputs.texts.add(ids);
  }
  return inputs;
}

}  // namespace mi2::models
