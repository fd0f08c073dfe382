// The product on our own kernels. Blocking after Goto and van de Geijn (ACM TOMS 2008): a panel of weights, kDepth x 16
// floats, stays in L1 while a block of rows, kRows x kDepth, streams past it from L2.

#include <algorithm>
#include <cstring>

#include "ops/cpu/matmul/matmul.hpp"

namespace mi2::ops::cpu {
namespace {

constexpr std::int64_t kDepth = 384;
constexpr std::int64_t kRows = 192;

std::int64_t round_up(std::int64_t n, std::int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/// Memory a thread keeps between calls: blocks of rows, their norms, a widened panel.
float* thread_scratch(std::size_t floats) {
  thread_local std::vector<float> scratch;
  if (scratch.size() < floats) scratch.resize(floats);
  return scratch.data();
}

class NativeMatMul : public MatMul {
 public:
  NativeMatMul(const Kernels& kernels, ThreadPool& pool, DType dtype, const WeightRows& weight, std::vector<float> bias)
      : MatMul(weight.in, weight.out, std::move(bias)),
        kernels_(kernels),
        dtype_(dtype),
        columns_(round_up(weight.out, kPanel)),
        depth_(round_up((weight.in + blocks() - 1) / blocks(), 8)),
        packed_({blocks() * columns_, std::min(depth_, weight.in)}, dtype) {
    pool.run(static_cast<std::size_t>(columns_ / kPanel),
             [&](std::size_t panel) { pack(weight, static_cast<std::int64_t>(panel) * kPanel); });
  }

  [[nodiscard]] std::size_t bytes() const override {
    return static_cast<std::size_t>(packed_.shape().count()) * size_of(dtype_);
  }

  void multiply(ThreadPool& pool, const RowSource& a, const Destination& destination) const override {
    const Split split = split_product(a.rows(), columns_, pool.size(), kRows, kPanel);
    const std::int64_t down = (a.rows() + split.rows_each - 1) / split.rows_each;
    const std::int64_t across = (columns_ + split.columns_each - 1) / split.columns_each;
    pool.run(static_cast<std::size_t>(down * across), [&](std::size_t task) {
      const std::int64_t row = static_cast<std::int64_t>(task) / across * split.rows_each;
      const std::int64_t column = static_cast<std::int64_t>(task) % across * split.columns_each;
      const std::int64_t last_row = std::min(row + split.rows_each, a.rows());
      const std::int64_t last_column = std::min(column + split.columns_each, columns_);
      for (std::int64_t r = row; r < last_row; r += kRows) {
        multiply_block(a, r, std::min(kRows, last_row - r), column, last_column, destination);
      }
    });
  }

 private:
  [[nodiscard]] std::int64_t blocks() const { return (in() + kDepth - 1) / kDepth; }
  [[nodiscard]] std::int64_t depth_of(std::int64_t block) const { return std::min(depth_, in() - block * depth_); }
  /// First element of a block: blocks lie one after the other, panel by panel, each panel [depth, kPanel].
  [[nodiscard]] std::int64_t block_at(std::int64_t block) const { return block * depth_ * columns_; }

  /// Lays out the kPanel outputs from n on; past the last one, zeros.
  void pack(const WeightRows& weight, std::int64_t n) {
    thread_local std::vector<float> rows;
    rows.assign(static_cast<std::size_t>(kPanel * in()), 0.0F);
    weight.rows(n, std::min(kPanel, out() - n), rows.data());
    for (std::int64_t block = 0; block < blocks(); ++block) {
      const std::int64_t depth = depth_of(block);
      std::int64_t at = block_at(block) + n * depth;
      for (std::int64_t k = 0; k < depth; ++k) {
        for (std::int64_t i = 0; i < kPanel; ++i, ++at) {
          const float value = rows[static_cast<std::size_t>(i * in() + block * depth_ + k)];
          if (dtype_ == DType::kF32) {
            packed_.data<float>()[at] = value;
          } else {
            packed_.data<BFloat16>()[at] = BFloat16(value);
          }
        }
      }
    }
  }

  void multiply_block(const RowSource& a, std::int64_t row, std::int64_t rows, std::int64_t column,
                      std::int64_t last_column, const Destination& destination) const {
    const auto* direct = static_cast<const float*>(a.in_memory(DType::kF32));
    const std::int64_t columns = std::min(last_column, out()) - column;
    const bool rounded = destination.dtype == DType::kBF16;  // then sums are kept aside in f32 until they are whole
    float* panel = thread_scratch(static_cast<std::size_t>(depth_ * kPanel + kRows * (depth_ + a.state_per_row()) +
                                                           (rounded ? kRows * columns : 0)));
    float* state = panel + depth_ * kPanel;
    float* filled = state + kRows * a.state_per_row();
    float* sums = filled + kRows * depth_;
    a.prepare(row, rows, state);
    for (std::int64_t block = 0; block < blocks(); ++block) {
      const std::int64_t k0 = block * depth_;
      Product p;
      p.m = rows;
      p.n = columns;
      p.k = depth_of(block);
      if (direct != nullptr) {
        p.a = direct + row * in() + k0;
        p.lda = in();
      } else {
        a.fill(row, rows, k0, k0 + p.k, state, filled);
        p.a = filled;
        p.lda = p.k;
      }
      const std::int64_t at = block_at(block) + column * p.k;
      p.b = dtype_ == DType::kF32 ? packed_.data<float>() + at : nullptr;
      p.b_bf16 = dtype_ == DType::kF32 ? nullptr : packed_.data<BFloat16>() + at;
      p.panel_stride = p.k * kPanel;
      p.c = rounded ? sums : static_cast<float*>(destination.data) + row * out() + column;
      p.ldc = rounded ? columns : out();
      p.accumulate = destination.accumulate || block > 0;
      p.scratch = panel;
      if (block + 1 == blocks()) {
        p.bias = bias() == nullptr ? nullptr : bias() + column;
        p.activation = destination.activation;
      }
      kernels_.multiply(p);
    }
    for (std::int64_t r = 0; rounded && r < rows; ++r) {
      kernels_.to_bf16(sums + r * columns, columns,
                       static_cast<BFloat16*>(destination.data) + (row + r) * out() + column);
    }
  }

  const Kernels& kernels_;
  DType dtype_;
  std::int64_t columns_;
  std::int64_t depth_;
  Tensor packed_;
};

}  // namespace

std::unique_ptr<MatMul> make_native_matmul(const Kernels& kernels, ThreadPool& pool, DType dtype,
                                           const WeightRows& weight, std::vector<float> bias) {
  return std::make_unique<NativeMatMul>(kernels, pool, dtype, weight, std::move(bias));
}

Split split_product(std::int64_t rows, std::int64_t columns, unsigned threads, std::int64_t block,
                    std::int64_t column_multiple) {
  constexpr std::int64_t kFewRows = 48;  // below, a thread's share of rows no longer pays for reading all the weights
  const auto team = static_cast<std::int64_t>(threads);
  const std::int64_t wanted = team * ((rows + team * block - 1) / (team * block));
  const std::int64_t down = std::clamp<std::int64_t>(rows / kFewRows, 1, wanted);
  const std::int64_t across = down >= team ? 1 : (team + down - 1) / down;
  return {round_up((rows + down - 1) / down, kTileRows), round_up((columns + across - 1) / across, column_multiple)};
}

}  // namespace mi2::ops::cpu
