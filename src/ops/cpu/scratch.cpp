#include "ops/cpu/scratch.hpp"

#include <memory>

#include "tensor/tensor.hpp"

namespace mi2::ops::cpu {

std::byte* thread_scratch(std::size_t bytes) {
  static tensor::Pool pool;
  thread_local std::shared_ptr<std::byte> block;
  thread_local std::size_t size = 0;
  if (size < bytes) {
    constexpr std::size_t kWhole = 2U << 20U;  // a huge page, which the pool asks for from this size on
    size = (bytes + kWhole - 1) / kWhole * kWhole;
    block.reset();
    block = pool.take(size);
  }
  return block.get();
}

}  // namespace mi2::ops::cpu
