#pragma once
// The tensors a configuration asks for, so that a checkpoint can be judged without building the model.

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"
#include "weights/config.hpp"

namespace mi2::models {

/// Token ids of the CLIP vocabulary.
inline constexpr std::int64_t kClipVocabulary = 49408;

struct ManifestRow {
  std::string name;  ///< current scheme
  tensor::Shape shape;
  bool any_length = false;  ///< the first extent may differ: a positional embedding
};

/// Every tensor the model takes, in the order of its layers.
std::vector<ManifestRow> manifest(const weights::ModelConfig& config, std::int64_t vocabulary = kClipVocabulary);

}  // namespace mi2::models
