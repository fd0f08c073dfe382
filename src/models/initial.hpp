#pragma once
// Random weights to start training from.

#include <cstdint>
#include <string>

#include "ops/parameter.hpp"

namespace mi2::models {

/// A source of parameters drawn as the reference draws them before training: matrices, convolutions and embeddings from
/// a normal distribution cut off at two deviations, norms one, biases zero, logit_scale log(1 / 0.07). Values depend on
/// the seed and the name alone.
class InitialWeights {
 public:
  explicit InitialWeights(std::uint64_t seed) : seed_(seed) {}
  ops::Parameter take(const std::string& name, const tensor::Shape& shape) const;
  ops::Parameter take_positions(const std::string& name, const tensor::Shape& shape) const { return take(name, shape); }

 private:
  std::uint64_t seed_;
};

/// Uniform numbers within 1 / sqrt(in), as torch.nn.init.kaiming_uniform_(a = sqrt(5)) draws them, with which PEFT
/// begins a low-rank addition's first factor. Values depend on the seed and the name alone.
/// @param shape  [out, in]
ops::Parameter kaiming_uniform(const std::string& name, const tensor::Shape& shape, std::uint64_t seed);
/// Zeros, with which it begins the second.
ops::Parameter zeros(const std::string& name, const tensor::Shape& shape);

}  // namespace mi2::models
