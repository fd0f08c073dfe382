#include "ops/cpu/matmul/native.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "ops/cpu/scratch.hpp"

#include <mi2/error.hpp>

namespace mi2::ops::cpu {
namespace {

std::int64_t round_up(std::int64_t n, std::int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

const ProductKernel& kernel_for(const Kernels& kernels, WeightFormat format) {
  switch (format) {
    case WeightFormat::kF32:
      return kernels.f32;
    case WeightFormat::kBF16:
      return kernels.bf16;
    case WeightFormat::kS8:
      return kernels.s8;
    case WeightFormat::kSplit:
      break;
  }
  return kernels.split;
}

}  // namespace

NativeMatMul::NativeMatMul(const Kernels& kernels, PackedWeights weights)
    : MatMul(weights.layout().in, weights.layout().out),
      kernels_(kernels),
      kernel_(kernel_for(kernels, weights.layout().format)),
      weights_(std::move(weights)),
      // An odd number of cache lines: rows a power of two apart would share a few sets of the cache.
      row_bytes_((weights_.layout().chunks * kernel_.left_chunk / 64 | 1) * 64) {}

void NativeMatMul::multiply(base::ThreadPool& pool, const RowSource& a, const Destination& destination) const {
  const std::int64_t panels = weights_.layout().panels;
  const Split split = split_product(a.rows(), panels, pool.size(), kernel_.blocking, kernel_.panels);
  const std::int64_t down = (a.rows() + split.rows_each - 1) / split.rows_each;
  const std::int64_t across = (panels + split.columns_each - 1) / split.columns_each;
  pool.run(static_cast<std::size_t>(down * across), [&](std::size_t task) {
    const std::int64_t row = static_cast<std::int64_t>(task) / across * split.rows_each;
    const std::int64_t panel = static_cast<std::int64_t>(task) % across * split.columns_each;
    const std::int64_t last_row = std::min(row + split.rows_each, a.rows());
    const std::int64_t last_panel = std::min(panel + split.columns_each, panels);
    for (std::int64_t r = row; r < last_row; r += kernel_.blocking.rows) {
      multiply_block(a, r, std::min(kernel_.blocking.rows, last_row - r), panel, last_panel, destination);
    }
  });
}

namespace {

/// Where the parts of a block lie, in bytes.
struct BlockLayout {
  std::int64_t row_scale;
  std::int64_t row_zero;
  std::int64_t space;
  std::int64_t bytes;
  std::int64_t sums;
  std::int64_t end;

  BlockLayout(const ProductKernel& kernel, const PackedLayout& weights, std::int64_t row_bytes) {
    const std::int64_t width = weights.chunks * weights.depth;
    const std::int64_t rows = round_up(kernel.blocking.rows, 32);  // whole tiles of AMX
    row_scale = rows * row_bytes;
    row_zero = row_scale + round_up(rows * 4, 64);
    space = row_zero + round_up(rows * 4, 64);
    bytes = space + round_up(width * 4, 64);
    sums = bytes + round_up(width, 64);
    end = sums + kernel.space() * 4;
  }
};

}  // namespace

std::size_t NativeMatMul::block_bytes() const {
  return static_cast<std::size_t>(BlockLayout(kernel_, layout(), row_bytes_).end);
}

NativeMatMul::Block NativeMatMul::block_at(std::byte* memory) const {
  const BlockLayout at(kernel_, layout(), row_bytes_);
  return {memory,
          reinterpret_cast<float*>(memory + at.row_scale),
          reinterpret_cast<std::int32_t*>(memory + at.row_zero),
          reinterpret_cast<float*>(memory + at.space),
          reinterpret_cast<std::uint8_t*>(memory + at.bytes),
          reinterpret_cast<float*>(memory + at.sums)};
}

void NativeMatMul::fill(const RowSource& a, std::int64_t first, std::int64_t count, const Block& block) const {
  const std::int64_t width = in();
  const std::int64_t padded = weights_.layout().chunks * weights_.layout().depth;
  for (std::int64_t r = 0; r < count; ++r) {
    std::byte* to = block.left + r * row_bytes_;
    switch (kernel_.left) {
      case Operand::kF32: {
        auto* floats = reinterpret_cast<float*>(to);
        const float* from = a.row(first + r, floats);
        if (from != floats) std::memcpy(to, from, static_cast<std::size_t>(4 * width));
        std::memset(to + 4 * width, 0, static_cast<std::size_t>(4 * (padded - width)));
        break;
      }
      case Operand::kBF16:
        a.write_bf16(first + r, block.space, reinterpret_cast<tensor::BFloat16*>(to));
        std::memset(to + 2 * width, 0, static_cast<std::size_t>(2 * (padded - width)));
        break;
      case Operand::kU8:
        kernels_.quantize(a.row(first + r, block.space), width, reinterpret_cast<std::uint8_t*>(to),
                          block.row_scale + r, block.row_zero + r);
        break;
      case Operand::kS16:
        kernels_.quantize(a.row(first + r, block.space), width, block.bytes, block.row_scale + r, block.row_zero + r);
        kernels_.spread_bytes(block.bytes, weights_.layout().chunks, to);
        break;
      case Operand::kSplit:
        split_row(a.row(first + r, block.space), to);
        break;
    }
  }
}

/// Chunks of the large parts of 32 floats, then the small ones.
void NativeMatMul::split_row(const float* from, std::byte* to) const {
  const std::int64_t depth = weights_.layout().depth;
  for (std::int64_t k = 0; k < in(); k += depth, to += kernel_.left_chunk) {
    auto* large = reinterpret_cast<tensor::BFloat16*>(to);
    const std::int64_t count = std::min(depth, in() - k);
    kernels_.split_bf16(from + k, count, large, large + depth);
    std::fill(large + count, large + depth, tensor::BFloat16());
    std::fill(large + depth + count, large + 2 * depth, tensor::BFloat16());
  }
}

std::int64_t NativeMatMul::chunks_a_pass(const Destination& destination) const {
  const std::int64_t chunks = weights_.layout().chunks;
  const bool adds = destination.dtype == tensor::DType::kF32 && destination.activation == Activation::kNone;
  if (!adds) return chunks;
  const Blocking& blocking = kernel_.blocking;
  const std::int64_t passes = (blocking.rows * row_bytes_ + blocking.bytes - 1) / blocking.bytes;
  return (chunks + passes - 1) / passes;
}

void NativeMatMul::multiply_block(const RowSource& a, std::int64_t row, std::int64_t rows, std::int64_t panel,
                                  std::int64_t last_panel, const Destination& destination) const {
  const Block block = block_at(thread_scratch(block_bytes()));
  fill(a, row, rows, block);
  Ends ends{block.left, row_bytes_, destination};
  const std::int64_t at = row * destination.stride + panel * kPanel;
  ends.out.data =
      static_cast<std::byte*>(destination.data) + at * static_cast<std::int64_t>(size_of(destination.dtype));
  const std::int64_t chunks = layout().chunks;
  const std::int64_t each = chunks_a_pass(destination);
  for (std::int64_t chunk = 0; chunk < chunks; chunk += each) {
    multiply_pass(block, {rows, panel, last_panel, chunk, std::min(chunk + each, chunks)}, ends);
    ends.left += each * kernel_.left_chunk;
  }
}

void NativeMatMul::multiply_pass(const Block& block, const Pass& pass, const Ends& ends) const {
  const std::int64_t column = pass.panel * kPanel;
  Epilogue end;
  end.rows = pass.rows;
  end.columns = std::min((pass.last_panel - pass.panel) * kPanel, out() - column);
  if (layout().format == WeightFormat::kS8) {
    end.row_scale = block.row_scale;
    // The zeros' share belongs to the whole depth: the first pass takes it off.
    end.row_zero = pass.chunk == 0 ? block.row_zero : nullptr;
    end.column_scale = weights_.scale() + column;
    end.column_sum = weights_.sum() + column;
  }
  end.bias = pass.chunk == 0 ? weights_.bias() + column : nullptr;
  end.activation = ends.out.activation;
  end.accumulate = ends.out.accumulate || pass.chunk > 0;
  end.dtype = ends.out.dtype;
  end.out = ends.out.data;
  end.out_stride = ends.out.stride;
  GemmBlock product;
  product.left = ends.left;
  product.left_stride = ends.left_stride;
  product.right = weights_.panel(pass.panel) + pass.chunk * kernel_.right_chunk;
  product.right_stride = layout().panel_bytes;
  product.chunks = pass.last_chunk - pass.chunk;
  product.rows = pass.rows;
  product.panels = pass.last_panel - pass.panel;
  product.sums = block.sums;
  product.epilogue = &end;
  kernel_.multiply(product);
}

std::unique_ptr<MatMul> make_native_matmul(const Kernels& kernels, PackedWeights weights) {
  if (kernel_for(kernels, weights.layout().format).multiply == nullptr) {
    throw Error(Code::kUnsupported, fmt::format("the {} kernels have no product of split bfloat16", kernels.name));
  }
  return std::make_unique<NativeMatMul>(kernels, std::move(weights));
}

Split split_product(std::int64_t rows, std::int64_t columns, unsigned threads, const Blocking& blocking,
                    std::int64_t column_multiple) {
  const auto team = static_cast<std::int64_t>(threads);
  const std::int64_t wanted = team * ((rows + team * blocking.rows - 1) / (team * blocking.rows));
  const std::int64_t down = std::clamp<std::int64_t>(rows / blocking.few_rows, 1, wanted);
  const std::int64_t across = down >= team ? 1 : (team + down - 1) / down;
  return {(rows + down - 1) / down, round_up((columns + across - 1) / across, column_multiple)};
}

}  // namespace mi2::ops::cpu
