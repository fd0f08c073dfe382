#include "models/packed.hpp"

#include <cstring>

#include <fmt/format.h>

#include "tensor/tensor.hpp"

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

ops::BlockLayout scalar_layout() { return {"scalar f32", 64}; }

}  // namespace

std::optional<ops::PreparedBlock> CollectedBlocks::take(const std::string& /*name*/,
                                                        std::span<const ops::BlockLayout> /*wanted*/) {
  return std::nullopt;
}

void CollectedBlocks::add(const std::string& name, ops::PreparedBlock block) {
  blocks_.emplace_back(name, std::move(block));
  if (added_) added_(blocks_.size());
}

void CollectedBlocks::add_scalar(const std::string& name, float value) {
  const ops::BlockLayout layout = scalar_layout();
  const tensor::Tensor block({static_cast<std::int64_t>(layout.bytes / sizeof(float))});
  std::memset(block.data<std::byte>(), 0, layout.bytes);
  block.data<float>()[0] = value;
  add(name, {layout, block.block()});
}

ops::Parameter PackedParameters::take(const std::string& name, const tensor::Shape& shape) {
  if (shape.rank() != 0) return {name, shape, tensor::DType::kF32, nullptr, nullptr};
  const ops::BlockLayout layout = scalar_layout();
  const std::optional<ops::PreparedBlock> block = blocks_.take(name, {&layout, 1});
  if (!tensor::all_finite(tensor::DType::kF32, block->data.get(), 1)) {
    throw Error(Code::kBadFile, fmt::format("packed block '{}' is not a finite number", name));
  }
  return {name, shape, tensor::DType::kF32, block->data.get(), block->data};
}

}  // namespace mi2::models
