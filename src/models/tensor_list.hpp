#pragma once
// The tensors a configuration asks for, so that a checkpoint can be judged without building the model.

#include <string>
#include <vector>

#include "tensor/tensor.hpp"
#include "weights/config.hpp"

namespace mi2::models {

struct ListedTensor {
  std::string name;  ///< current scheme
  tensor::Shape shape;
  bool any_length = false;  ///< the first extent may differ: a positional embedding
};

/// Every tensor the model takes, in the order in which it is loaded.
std::vector<ListedTensor> tensor_list(const weights::ModelConfig& config);

}  // namespace mi2::models
