// Layer normalisation on its own; before a product it is the same row source.

#include <cstddef>
#include <cstdint>

#include "ops/cpu/cpu_ops.hpp"
#include "ops/cpu/matmul/row_source.hpp"

namespace mi2::ops {

mi2::tensor::Tensor CpuOps::layer_norm(tensor::Tensor x, const Norm& p) {
  const cpu::OpTimer timer(profile_, "layer_norm");
  tensor::Tensor y = x.unique() ? x : tensor::Tensor::spaced(x.shape());
  const cpu::NormedRows normed(kernels_, x, p.weight.data(), p.bias.data(), p.epsilon);
  const std::int64_t rows = x.shape().rows();
  const auto team = static_cast<std::int64_t>(pool_->size());
  pool_->run(pool_->size(), [&](std::size_t task) {
    const auto t = static_cast<std::int64_t>(task);
    for (std::int64_t r = rows * t / team; r < rows * (t + 1) / team; ++r) normed.row(r, y.row<float>(r));
  });
  return y;
}

}  // namespace mi2::ops
