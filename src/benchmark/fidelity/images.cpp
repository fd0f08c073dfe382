#include "benchmark/fidelity/images.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "embedder/preparer.hpp"
#include "models/full_config.hpp"
#include "weights/config.hpp"
#include "weights/model_files.hpp"

namespace mi2::fidelity {
namespace {

weights::ModelConfig config_of(const std::optional<std::filesystem::path>& model) {
  if (model) return weights::load_config(weights::find_model(*model).config);
  return weights::parse_config(models::kFullConfig, "the full model");
}

/// Numbers in [0, 1) that are the same on every machine, which the standard's distributions are not.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : engine_(seed) {}
  double operator()() { return engine_() / 4294967296.0; }
  double operator()(double low, double high) { return low + (high - low) * (*this)(); }

 private:
  std::mt19937 engine_;
};

struct Wave {
  double across;  ///< radians over the image's width
  double down;
  double phase;
  std::array<double, 3> gain;  ///< of red, green and blue, in grey levels
};

Wave draw_wave(Draw& draw, bool grey) {
  const double turn = 2 * std::numbers::pi;
  Wave wave{turn * draw(-6, 6), turn * draw(-6, 6), draw(0, turn), {}};
  const double common = draw(6, 28);
  for (double& gain : wave.gain) gain = grey ? common : draw(6, 28);
  return wave;
}

/// A bright ellipse on a wavy ground with noise; every second image is grey, as most medical images are.
Pixels draw_image(std::size_t number, int width, int height) {
  Draw draw(static_cast<std::uint32_t>(20'240 + number));
  const bool grey = number % 2 == 0;
  std::vector<Wave> waves;
  for (int i = 0; i < 5; ++i) waves.push_back(draw_wave(draw, grey));
  const std::array<double, 4> ellipse{draw(0.3, 0.7), draw(0.3, 0.7), draw(0.1, 0.4), draw(0.1, 0.4)};
  const double base = draw(30, 110);
  const double bright = draw(40, 110);
  const double noise = draw(2, 24);
  Pixels pixels{width, height, {}};
  pixels.samples.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const double x = static_cast<double>(column) / width;
      const double y = static_cast<double>(row) / height;
      const double away = std::hypot((x - ellipse[0]) / ellipse[2], (y - ellipse[1]) / ellipse[3]);
      const double level = base + bright / (1 + std::exp(12 * (away - 1))) + noise * (draw() - 0.5);
      std::array<double, 3> colour{level, level, level};
      for (const Wave& wave : waves) {
        const double height_of_wave = std::sin(wave.across * x + wave.down * y + wave.phase);
        for (std::size_t c = 0; c < 3; ++c) colour[c] += wave.gain[c] * height_of_wave;
      }
      for (const double value : colour) {
        pixels.samples.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L)));
      }
    }
  }
  return pixels;
}

}  // namespace

struct ImagePreparer::Settings {
  Settings(const std::optional<std::filesystem::path>& model, const EmbedderOptions& options)
      : config(config_of(model)), preparer(options.image) {}

  weights::ModelConfig config;
  embedder::Preparer preparer;
};

ImagePreparer::ImagePreparer(const std::optional<std::filesystem::path>& model, const EmbedderOptions& options)
    : settings_(std::make_unique<const Settings>(model, options)) {}
ImagePreparer::~ImagePreparer() = default;

Pixels ImagePreparer::prepare(std::span<const std::byte> encoded, std::string_view name) const {
  const auto& image = settings_->config.image;
  return settings_->preparer.prepare(encoded, name, image.width, image.height);
}

Pixels ImagePreparer::prepare_file(const std::filesystem::path& path) const {
  return prepare(embedder::read_image(path, settings_->preparer.options().max_file_bytes), path.string());
}

std::vector<Pixels> ImagePreparer::generated(std::size_t count) const {
  std::vector<Pixels> images;
  for (std::size_t i = 0; i < count; ++i) {
    images.push_back(draw_image(i, settings_->config.image.width, settings_->config.image.height));
  }
  return images;
}

}  // namespace mi2::fidelity
