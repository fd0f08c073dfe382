#include "models/initial.hpp"

#include <cmath>
#include <memory>
#include <numbers>
#include <random>
#include <vector>

namespace mi2::models {
namespace {

/// Numbers of a normal distribution within two deviations of its mean (Box and Muller), and in [0, 1), the same on
/// every machine.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : engine_(seed) {}

  float operator()() {
    for (;;) {
      const double radius = std::sqrt(-2 * std::log(1 - uniform()));
      const double value = radius * std::cos(2 * std::numbers::pi * uniform());
      if (std::abs(value) <= 2) return static_cast<float>(value);
    }
  }

  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

 private:
  std::mt19937_64 engine_;
};

std::uint64_t state_of(std::uint64_t seed, const std::string& name) {
  std::uint64_t state = seed ^ 0xCBF29CE484222325ULL;
  for (const char c : name) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;  // FNV-1a
  return state;
}

/// Most weights have a deviation of 0.02 in the reference; a depthwise kernel of nine numbers keeps what passes
/// through it at a third of its size.
float deviation_of(const std::string& name) { return name.ends_with(".dw.weight") ? 1.0F / 9.0F : 0.02F; }

}  // namespace

ops::Parameter InitialWeights::take(const std::string& name, const tensor::Shape& shape) const {
  const auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(shape.count()), 0.0F);
  if (name == "logit_scale") {
    values->assign(1, std::log(1.0F / 0.07F));
  } else if (shape.rank() == 1) {
    const bool bias = name.ends_with("bias");
    if (!bias) values->assign(values->size(), 1.0F);
  } else {
    Draws draw(state_of(seed_, name));
    const float deviation = deviation_of(name);
    for (float& value : *values) value = deviation * draw();
  }
  return {name, shape, tensor::DType::kF32, values->data(), values};
}

ops::Parameter kaiming_uniform(const std::string& name, const tensor::Shape& shape, std::uint64_t seed) {
  const auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(shape.count()));
  const double bound = 1 / std::sqrt(static_cast<double>(shape[1]));
  Draws draw(state_of(seed, name));
  for (float& value : *values) value = static_cast<float>(bound * (2 * draw.uniform() - 1));
  return {name, shape, tensor::DType::kF32, values->data(), values};
}

ops::Parameter zeros(const std::string& name, const tensor::Shape& shape) {
  const auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(shape.count()), 0.0F);
  return {name, shape, tensor::DType::kF32, values->data(), values};
}

}  // namespace mi2::models
