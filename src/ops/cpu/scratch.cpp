#include "ops/cpu/scratch.hpp"

#include <memory>

#include "tensor/tensor.hpp"

namespace mi2::ops::cpu {

std::byte* thread_scratch(std::size_t bytes) {
  static Pool pool;
  thread_local std::shared_ptr<std::byte> block;
  thread_local std::size_t size = 0;
  if (size < bytes) {
    block.reset();
    block = pool.take(bytes);
    size = bytes;
  }
  return block.get();
}

}  // namespace mi2::ops::cpu
