#pragma once
// Images and texts that come with the program, to see what a model's layers are given before it meets a user's.

#include <vector>

#include "ops/parameter.hpp"
#include "tensor/tensor.hpp"
#include "weights/config.hpp"

namespace mi2::models {

struct CalibrationInputs {
  std::vector<tensor::Tensor> images;  ///< each f32 [1, height, width, 3], normalised
  ops::TokenBatch texts;
};

/// Four images of seven patterns and 16 texts; the same for every model of this size.
CalibrationInputs built_in_inputs(const weights::ModelConfig& config);

}  // namespace mi2::models
