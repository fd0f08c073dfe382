#include "ops/cpu/matmul/mlp.hpp"

#include <algorithm>

#include "ops/cpu/matmul/native.hpp"
#include "ops/cpu/scratch.hpp"

namespace mi2::ops::cpu {
namespace {

class Mlp {
 public:
  Mlp(const NativeMatMul& first, const NativeMatMul& second, Activation activation, const Destination& sum)
      : first_(first),
        second_(second),
        activation_(activation),
        sum_(sum),
        // The pieces of the second product's depth, so that bits are its own.
        piece_(second.chunks_a_pass(sum_)),
        hidden_stride_((piece_ | 1) * second.kernel().left_chunk) {}

  /// Rows [row, row + rows) of both.
  void multiply_block(const RowSource& a, std::int64_t row, std::int64_t rows) const {
    const auto hidden_bytes = static_cast<std::size_t>(second_.kernel().blocking.rows * hidden_stride_);
    std::byte* hidden = thread_scratch(hidden_bytes + first_.block_bytes());
    const NativeMatMul::Block block = first_.block_at(hidden + hidden_bytes);
    first_.fill(a, row, rows, block);
    Destination sum = sum_;
    sum.data = static_cast<float*>(sum_.data) + row * sum_.stride;
    const Destination between{hidden, hidden_stride_ / 2, tensor::DType::kBF16, false, activation_};
    const std::int64_t chunks = second_.layout().chunks;
    for (std::int64_t chunk = 0; chunk < chunks; chunk += piece_) {
      const std::int64_t last = std::min(chunk + piece_, chunks);
      const std::int64_t panels_a_chunk = second_.layout().depth / kPanel;
      first_.multiply_pass(block, {rows, chunk * panels_a_chunk, last * panels_a_chunk, 0, first_.layout().chunks},
                           {block.left, first_.row_bytes(), between});
      second_.multiply_pass(block, {rows, 0, second_.layout().panels, chunk, last}, {hidden, hidden_stride_, sum});
    }
  }

 private:
  const NativeMatMul& first_;
  const NativeMatMul& second_;
  Activation activation_;
  Destination sum_;
  std::int64_t piece_;          ///< chunks of the hidden width at a time
  std::int64_t hidden_stride_;  ///< bytes from row to row
};

Split rows_of(std::int64_t rows, unsigned threads, const NativeMatMul& first) {
  return split_product(rows, first.layout().panels, threads, first.kernel().blocking, first.kernel().panels);
}

}  // namespace

bool fuses(std::int64_t rows, unsigned threads, const MatMul& first, const MatMul& second) {
  const auto* one = dynamic_cast<const NativeMatMul*>(&first);
  const auto* two = dynamic_cast<const NativeMatMul*>(&second);
  if (one == nullptr || two == nullptr || !one->kernel().blocking.fuses) return false;
  return one->kernel().left == Operand::kBF16 && two->kernel().left == Operand::kBF16 &&
         one->out() == two->layout().chunks * two->layout().depth &&
         rows_of(rows, threads, *one).columns_each >= one->layout().panels;
}

void add_mlp(base::ThreadPool& pool, const RowSource& a, const MatMul& first, const MatMul& second,
             Activation activation, const Destination& sum) {
  const auto& one = dynamic_cast<const NativeMatMul&>(first);
  const Mlp mlp(one, dynamic_cast<const NativeMatMul&>(second), activation, sum);
  const std::int64_t each = rows_of(a.rows(), pool.size(), one).rows_each;
  const std::int64_t block = one.kernel().blocking.rows;
  pool.run(static_cast<std::size_t>((a.rows() + each - 1) / each), [&](std::size_t task) {
    const std::int64_t row = static_cast<std::int64_t>(task) * each;
    const std::int64_t last = std::min(row + each, a.rows());
    for (std::int64_t r = row; r < last; r += block) mlp.multiply_block(a, r, std::min(block, last - r));
  });
}

}  // namespace mi2::ops::cpu
