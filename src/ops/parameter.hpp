#pragma once
// What goes into an op set from outside: a checkpoint's tensors and a batch of token ids.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace mi2::ops {

/// A tensor of a checkpoint as it is stored: a view, unaligned, in the file's element type. `data` is null where an
/// engine's prepared memory stands in for it (prepared_blocks.hpp).
struct Parameter {
  std::string name;
  tensor::Shape shape;
  tensor::DType dtype = tensor::DType::kF32;
  const void* data = nullptr;
  std::shared_ptr<const void> keep;  ///< the view is valid while this lives

  /// All elements as f32.
  [[nodiscard]] std::vector<float> to_floats() const {
    std::vector<float> values(static_cast<std::size_t>(shape.count()));
    tensor::convert_to_f32(dtype, data, values.data(), values.size());
    return values;
  }
};

/// Texts as ids, one after the other without padding.
struct TokenBatch {
  std::vector<std::int32_t> ids;
  std::vector<std::int64_t> offsets{0};  ///< text t takes [offsets[t], offsets[t + 1])

  void add(const std::vector<std::int32_t>& text) {
    ids.insert(ids.end(), text.begin(), text.end());
    offsets.push_back(static_cast<std::int64_t>(ids.size()));
  }
  [[nodiscard]] std::int64_t texts() const noexcept { return static_cast<std::int64_t>(offsets.size()) - 1; }
  /// Row of the first end token of text t: the largest id, as the reference finds it.
  [[nodiscard]] std::int64_t end_of(std::int64_t t) const {
    return std::max_element(ids.begin() + offsets[t], ids.begin() + offsets[t + 1]) - ids.begin();
  }
};

}  // namespace mi2::ops
