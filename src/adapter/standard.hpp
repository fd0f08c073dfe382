#pragma once
// Embeddings of which each dimension has mean 0 and deviation 1, and weights that take them as they were.

#include <vector>

#include "adapter/fit.hpp"

namespace mi2::adapter {

/// Each dimension's mean and deviation; a dimension that never changes has deviation 1.
class Standard {
 public:
  explicit Standard(const Samples& samples);

  [[nodiscard]] Samples apply(Samples samples) const;

  /// Changes a first layer so that it takes embeddings as they are. All biases are of one row of weights, or one each.
  void fold(AdapterTensor& weight, AdapterTensor& bias) const;

 private:
  std::vector<double> mean_;
  std::vector<double> deviation_;
};

}  // namespace mi2::adapter
