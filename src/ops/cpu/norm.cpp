// Layer normalisation on its own; before a product it is a row source (matmul/row_source.hpp), made of the same
// kernels.

#include <cstddef>
#include <cstdint>

#include "ops/cpu/cpu_ops.hpp"

namespace mi2::ops {

mi2::tensor::Tensor CpuOps::layer_norm(tensor::Tensor x, const Norm& p) {
  const cpu::OpTimer timer(profile_, "layer_norm");
  tensor::Tensor y = x.unique() ? x : tensor::Tensor::spaced(x.shape());
  const std::int64_t width = x.shape().back();
  const std::int64_t rows = x.shape().rows();
  const auto team = static_cast<std::int64_t>(pool_->size());
  pool_->run(pool_->size(), [&](std::size_t task) {
    const auto t = static_cast<std::int64_t>(task);
    for (std::int64_t r = rows * t / team; r < rows * (t + 1) / team; ++r) {
      float mean = 0;
      float rstd = 0;
      const float* in = x.row<float>(r);
      kernels_.moments(in, width, in, p.epsilon, &mean, &rstd);
      kernels_.normalize(in, width, mean, rstd, p.weight.data(), p.bias.data(), y.row<float>(r));
    }
  });
  return y;
}

}  // namespace mi2::ops
