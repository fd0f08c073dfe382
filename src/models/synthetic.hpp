#pragma once
// Made-up weights for timing a model without a checkpoint.

#include <string>

#include "ops/parameter.hpp"

namespace mi2::models {

/// A source of parameters that invents them: unit-gain matrices, norms near one, small biases, so that activations
/// stay as large as in a trained model. Values depend on the name alone.
class SyntheticWeights {
 public:
  ops::Parameter take(const std::string& name, const tensor::Shape& shape);
  ops::Parameter take_positions(const std::string& name, const tensor::Shape& shape) { return take(name, shape); }
};

}  // namespace mi2::models
