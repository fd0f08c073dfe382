#pragma once
// What the tests of ops share: random tensors and parameters, and the distance between two results.

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ops/parameter.hpp"
#include "support/distance.hpp"
#include "tensor/tensor.hpp"

namespace mi2::ops::test {

class Random {
 public:
  explicit Random(unsigned seed = 1) : engine_(seed) {}

  tensor::Tensor tensor(const tensor::Shape& shape, float deviation = 1.0F) {
    tensor::Tensor x(shape);
    std::normal_distribution<float> normal(0.0F, deviation);
    for (float& value : x.floats()) value = normal(engine_);
    return x;
  }
  Parameter parameter(const tensor::Shape& shape, float deviation = 1.0F, float mean = 0.0F) {
    const auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(shape.count()));
    std::normal_distribution<float> normal(mean, deviation);
    for (float& value : *values) value = normal(engine_);
    return {"random", shape, tensor::DType::kF32, values->data(), values};
  }
  /// A matrix of unit gain.
  Parameter matrix(std::int64_t out, std::int64_t in) {
    return parameter({out, in}, 1.0F / std::sqrt(static_cast<float>(in)));
  }
  TokenBatch texts(const std::vector<int>& lengths) {
    TokenBatch batch;
    std::uniform_int_distribution<int> id(0, 49);
    for (const int length : lengths) {
      std::vector<std::int32_t> ids(static_cast<std::size_t>(length));
      for (auto& value : ids) value = id(engine_);
      ids.back() = 60;
      batch.add(ids);
    }
    return batch;
  }

 private:
  std::mt19937 engine_;
};

inline std::vector<float> values_of(const tensor::Tensor& x) {
  std::vector<float> values(static_cast<std::size_t>(x.shape().count()));
  const auto width = static_cast<std::size_t>(x.shape().back());
  for (std::int64_t r = 0; r < x.shape().rows(); ++r) {
    const std::byte* row = x.data<std::byte>() + static_cast<std::size_t>(r * x.row_stride()) * size_of(x.dtype());
    tensor::convert_to_f32(x.dtype(), row, values.data() + static_cast<std::size_t>(r) * width, width);
  }
  return values;
}

/// The same f32 numbers in rows that are spaced, as the engine's own tensors are.
inline tensor::Tensor spaced(const tensor::Tensor& x) {
  tensor::Tensor y = tensor::Tensor::spaced(x.shape());
  for (std::int64_t r = 0; r < x.shape().rows(); ++r) {
    std::copy_n(x.row<float>(r), x.shape().back(), y.row<float>(r));
  }
  return y;
}

/// The largest absolute difference; infinite for different shapes or what is no finite number.
inline double difference(const tensor::Tensor& a, const tensor::Tensor& b) {
  if (!(a.shape() == b.shape())) return INFINITY;
  return mi2::test::worst_difference(values_of(a), values_of(b));
}

/// A tensor that shares no memory with `x`.
inline tensor::Tensor copy_of(const tensor::Tensor& x) {
  tensor::Tensor y(x.shape(), x.dtype());
  std::copy_n(x.data<std::byte>(), static_cast<std::size_t>(x.shape().count()) * size_of(x.dtype()),
              y.data<std::byte>());
  return y;
}

}  // namespace mi2::ops::test
